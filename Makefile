# SPDX-License-Identifier: GPL-2.0-or-later
#
# dfu-ble: build, test, install. `make help` lists the targets.
# Output goes to build/$(VARIANT)/; CFLAGS, CPPFLAGS, LDFLAGS and LDLIBS of the
# caller are added to, never replaced. V=1 shows full commands.

VERSION := 0.1.0

# --- directories -----------------------------------------------------------

prefix ?= /usr/local
bindir ?= $(prefix)/bin
libdir ?= $(prefix)/lib
includedir ?= $(prefix)/include
mandir ?= $(prefix)/share/man

VARIANT ?= release
BUILD := build/$(VARIANT)

# --- tools -----------------------------------------------------------------

CC ?= cc
AR ?= ar
INSTALL ?= install
PKG_CONFIG ?= pkg-config

# Signing packages takes GnuTLS; SIGNING=none builds without it.
SIGNING ?= $(if $(shell $(PKG_CONFIG) --exists gnutls 2>/dev/null && echo yes),gnutls,none)
LIB_PKGS := gio-2.0 gio-unix-2.0 libzip libcjson zlib $(filter-out none,$(SIGNING))
PKGS := $(LIB_PKGS) bluez
TEST_PKGS := cmocka

# Only targets that compile may ask pkg-config: `make deps` runs without it.
PKG_CFLAGS = $(eval PKG_CFLAGS := $(or $(shell $(PKG_CONFIG) --cflags $(PKGS)),\
	$(error a library is missing, see above; `make deps` installs what is needed)))$(PKG_CFLAGS)
PKG_LIBS = $(eval PKG_LIBS := $(shell $(PKG_CONFIG) --libs $(PKGS)))$(PKG_LIBS)
TEST_LIBS = $(eval TEST_LIBS := $(shell $(PKG_CONFIG) --libs $(TEST_PKGS)))$(TEST_LIBS)

# --- flags -----------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wundef -Wwrite-strings -Wformat=2 -Wvla
ifeq ($(WERROR),1)
WARNINGS += -Werror
endif

OPTIMIZE_release := -O2 -g -D_FORTIFY_SOURCE=2
OPTIMIZE_asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer
OPTIMIZE_coverage := -O0 -g --coverage
OPTIMIZE := $(or $(OPTIMIZE_$(VARIANT)),-O1 -g)

HARDENING := -fstack-protector-strong -fPIE
LD_HARDENING := -pie -Wl,-z,relro,-z,now

DFU_CPPFLAGS = -D_GNU_SOURCE $(if $(filter gnutls,$(SIGNING)),-DDFU_HAVE_GNUTLS) \
	-DDFU_VERSION='"$(VERSION)"' -Iinclude -Isrc -Itests $(PKG_CFLAGS) $(CPPFLAGS)
DFU_CFLAGS = -std=gnu11 $(WARNINGS) $(OPTIMIZE) $(HARDENING) $(CFLAGS)
DFU_LDFLAGS = $(LD_HARDENING) $(filter -fsanitize=% --coverage,$(OPTIMIZE)) $(LDFLAGS)

ifeq ($(V),1)
say = @:
run :=
else
say = @printf '  %-7s %s\n'
run := @
endif

# --- sources by program ----------------------------------------------------

PURE_SRCS := \
	src/wire/wire.c src/controller/controller.c src/controller/moves.c \
	src/controller/phase_connect.c src/controller/phase_start.c src/controller/phase_init.c \
	src/controller/phase_image.c src/controller/phase_finish.c src/controller/phase_jump.c \
	src/controller/resume.c src/controller/anew.c src/controller/pace.c src/controller/leave.c \
	src/controller/names.c src/controller/family.c

LIB_SRCS := $(PURE_SRCS) \
	src/base/error.c src/base/printable.c src/base/deadline.c src/base/address.c \
	src/package/archive.c src/package/manifest.c src/package/init_packet.c \
	src/package/crc16.c src/package/intel_hex.c src/package/preflight.c \
	src/package/file.c src/package/image.c src/package/package.c \
	src/package/pack.c src/package/manifest_writer.c src/package/archive_writer.c \
	src/package/signing_$(SIGNING).c \
	src/link/link.c \
	src/bluez/address.c src/bluez/bluez_error.c src/bluez/objects.c src/bluez/bus.c \
	src/bluez/adapter.c src/bluez/discovery.c src/bluez/find.c src/bluez/leaving.c \
	src/bluez/gatt.c src/bluez/device_info.c src/bluez/services.c src/bluez/attempt.c \
	src/bluez/connect.c src/bluez/places.c src/bluez/removal.c src/bluez/whereabouts.c \
	src/bluez/acquired_fd.c src/bluez/notifier.c src/bluez/packet_writer.c \
	src/bluez/connection.c src/bluez/watch.c src/bluez/bluez_link.c src/bluez/scan.c \
	src/bluez/main_conf.c src/bluez/host.c src/bluez/host_bluez.c \
	src/bluez/findings.c src/bluez/host_findings.c src/bluez/link_findings.c \
	src/session/session.c src/session/reports.c src/session/passes.c src/session/device.c \
	src/session/session_options.c src/session/failure.c src/session/journal.c \
	src/session/keeper.c src/session/guard.c src/session/notes.c src/session/recognition.c \
	src/session/inquiry.c

TARGET_SRCS := src/target/target.c src/target/bootloader.c src/target/transfer.c \
	src/target/v1.c src/target/otafix.c src/target/infinitime.c src/target/restart.c \
	src/target/flash.c src/target/init_check.c src/target/reply.c src/target/personality.c \
	src/target/buttonless.c src/target/faults.c src/target/fault_spec.c

EMULATOR_SRCS := \
	src/emulator/options.c src/emulator/raw_options.c src/emulator/private_bus.c \
	src/emulator/run_command.c src/emulator/child_process.c src/emulator/signals.c \
	src/emulator/board/board.c src/emulator/board/board_attributes.c \
	src/emulator/board/board_target.c src/emulator/board/board_air.c src/emulator/board/board_log.c \
	src/emulator/board/gatt_table.c src/emulator/board/gatt_values.c \
	src/emulator/board/image_files.c \
	src/emulator/bus/bus_bluez.c src/emulator/bus/bus_daemon.c src/emulator/bus/bus_objects.c \
	src/emulator/bus/bus_interfaces.c src/emulator/bus/bus_reply.c src/emulator/bus/bus_adapter.c \
	src/emulator/bus/bus_device.c src/emulator/bus/device_properties.c src/emulator/bus/bus_gatt.c \
	src/emulator/bus/bus_characteristic.c src/emulator/bus/bus_notifications.c \
	src/emulator/bus/bus_link.c src/emulator/bus/acquired_socket.c src/emulator/bus/discovery.c \
	src/emulator/air/att_uuid.c src/emulator/air/att_attributes.c src/emulator/air/att_reading.c \
	src/emulator/air/att_server.c src/emulator/air/advertising_data.c src/emulator/air/l2cap.c \
	src/emulator/air/l2cap_signalling.c src/emulator/air/hci_acl.c src/emulator/air/hci_channel.c \
	src/emulator/air/hci_controller.c src/emulator/air/hci_air.c src/emulator/air/hci_link.c \
	src/emulator/air/hci_target.c

CLI_SRCS := \
	src/cli/main.c src/cli/device_run.c src/cli/advice.c src/cli/cmd_update.c src/cli/cmd_scan.c \
	src/cli/cmd_info.c src/cli/update_options.c src/cli/update_report.c src/cli/package_report.c \
	src/cli/output.c src/cli/progress.c src/cli/options.c src/cli/command_line.c src/cli/exit_code.c \
	src/cli/lock.c src/cli/stop_signals.c src/cli/state_folder.c src/cli/journal_report.c \
	src/cli/cmd_status.c src/cli/cmd_goal.c src/cli/cmd_doctor.c src/cli/cmd_pack.c \
	src/cli/pack_options.c src/cli/package_input.c

PROGRAMS := $(BUILD)/dfu-ble $(BUILD)/dfu-ble-target

# --- rules -----------------------------------------------------------------

objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:

all: $(PROGRAMS)

$(BUILD)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(say) CC $<
	$(run)$(CC) $(DFU_CPPFLAGS) $(DFU_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/libdfu.a: $(call objects,$(LIB_SRCS))
	$(say) AR $@
	$(run)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/libtarget.a: $(call objects,$(TARGET_SRCS))
	$(say) AR $@
	$(run)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/libemulator.a: $(call objects,$(EMULATOR_SRCS))
	$(say) AR $@
	$(run)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/dfu-ble: $(call objects,$(CLI_SRCS)) $(BUILD)/libdfu.a
	$(say) LD $@
	$(run)$(CC) $(DFU_LDFLAGS) -o $@ $^ $(PKG_LIBS) $(LDLIBS)

$(BUILD)/dfu-ble-target: $(call objects,src/emulator/main.c) $(BUILD)/libemulator.a \
		$(BUILD)/libtarget.a $(BUILD)/libdfu.a
	$(say) LD $@
	$(run)$(CC) $(DFU_LDFLAGS) -o $@ $^ $(PKG_LIBS) $(LDLIBS)

# --- tests -----------------------------------------------------------------

TEST_LIB_SRCS := $(sort $(wildcard tests/lib/*.c))
tests_in = $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/$(1)/$(2)_*.c)))

UNIT_TESTS := $(call tests_in,unit,test)
SIM_TESTS := $(call tests_in,sim,sim)
BUS_TESTS := $(call tests_in,bus,test)
CLI_TESTS := $(call tests_in,cli,test)

$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(call objects,$(TEST_LIB_SRCS)) \
		$(BUILD)/libemulator.a $(BUILD)/libtarget.a $(BUILD)/libdfu.a
	@mkdir -p $(@D)
	$(say) LD $@
	$(run)$(CC) $(DFU_LDFLAGS) -o $@ $^ $(PKG_LIBS) $(TEST_LIBS) $(LDLIBS)

# A program of its own, so that shell tests, the demo and the examples need no stored package.
$(BUILD)/tests/make_package: $(call objects,tests/tools/make_package.c tests/lib/zip_builder.c) \
		$(BUILD)/libdfu.a
	@mkdir -p $(@D)
	$(say) LD $@
	$(run)$(CC) $(DFU_LDFLAGS) -o $@ $^ $(PKG_LIBS) $(LDLIBS)

# Inputs that cross a line of trust: tests/fuzz/fuzz_<input>.c and tests/fuzz/corpus/<input>/.
FUZZ_INPUTS := package manifest init_packet intel_hex notification target att
FUZZ_TESTS := $(FUZZ_INPUTS:%=$(BUILD)/tests/fuzz/fuzz_%)

$(BUILD)/tests/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/obj/tests/fuzz/replay.o \
		$(BUILD)/libemulator.a $(BUILD)/libtarget.a $(BUILD)/libdfu.a
	@mkdir -p $(@D)
	$(say) LD $@
	$(run)$(CC) $(DFU_LDFLAGS) -o $@ $^ $(PKG_LIBS) $(LDLIBS)

$(BUILD)/examples/%: $(BUILD)/obj/examples/%.o $(BUILD)/libdfu.a
	@mkdir -p $(@D)
	$(say) LD $@
	$(run)$(CC) $(DFU_LDFLAGS) -o $@ $^ $(PKG_LIBS) $(LDLIBS)

# Every program that a check consists of, as tests/run takes them.
RUN_unit = $(foreach test,$(UNIT_TESTS),-- $(test))
RUN_sim = $(foreach test,$(SIM_TESTS),-- $(test))
RUN_bus = $(foreach test,$(BUS_TESTS),-- $(test))
RUN_cli = $(foreach test,$(CLI_TESTS),-- $(test)) -- tests/cli/every_packet.sh 43
RUN_fuzz = $(foreach input,$(FUZZ_INPUTS),-- $(BUILD)/tests/fuzz/fuzz_$(input) \
	$(wildcard tests/fuzz/corpus/$(input)/*))
RUN_examples = -- tests/check_examples.sh $(BUILD)
RUN_mutations = -- tests/sim/mutations.sh
RUN_man = -- tests/check_man.sh
RUN_layers = -- tests/check_layers.sh $(BUILD)
RUN_install = -- tests/check_install.sh
RUN_scenarios = -- tests/scenarios/run bus
CHECKS := unit sim fuzz bus cli scenarios examples \
	$(if $(filter asan coverage,$(VARIANT)),,man layers install)

TEST_PROGRAMS := $(UNIT_TESTS) $(SIM_TESTS) $(BUS_TESTS) $(CLI_TESTS) $(FUZZ_TESTS) \
	$(BUILD)/tests/make_package $(BUILD)/examples/update

test_env = DFU_BLE=$(CURDIR)/$(BUILD)/dfu-ble DFU_BLE_TARGET=$(CURDIR)/$(BUILD)/dfu-ble-target \
	MAKE_PACKAGE=$(CURDIR)/$(BUILD)/tests/make_package \
	SCENARIO_LOGS=$(CURDIR)/$(BUILD)/logs/scenarios MAKE="$(MAKE)" CC="$(CC)"
run_tests = @$(test_env) tests/run -l $(BUILD)/logs $(1)

check-built: all $(TEST_PROGRAMS)
	$(call run_tests,$(foreach check,$(CHECKS),$(RUN_$(check))))

$(CHECKS:%=check-%) check-mutations: check-%: all $(TEST_PROGRAMS)
	$(call run_tests,$(RUN_$*))

# Nothing may be compiled before what is missing is installed: hence a make of its own.
check: deps
	@$(MAKE) --no-print-directory check-built

# The same scenarios and more over the real stack, in a virtual machine: tests/vm/README.md.
check-vm:
	@.ci/deps --vm
	@$(MAKE) --no-print-directory all $(BUILD)/tests/make_package
	@$(test_env) tests/vm/check

check-every-packet: all $(BUILD)/tests/make_package
	@$(test_env) tests/cli/every_packet.sh

demo: deps
	@$(MAKE) --no-print-directory all $(BUILD)/tests/make_package
	@$(test_env) examples/demo.sh

# Random schedules without end in sight: SIM_RUNS of them, one every 0.1 ms.
soak: $(BUILD)/tests/sim/sim_random
	SIM_RUNS=$(or $(SIM_RUNS),5000000) $<

bench: all $(BUILD)/tests/make_package
	@$(test_env) tests/bench/transfer.sh

asan coverage:
	@$(MAKE) --no-print-directory VARIANT=$@ check-built

deps:
	@.ci/deps

# --- install ---------------------------------------------------------------

INSTALLED_HEADERS := $(sort $(wildcard include/dfu/*.h))
MAN_PAGES := $(sort $(wildcard man/*.1))

$(BUILD)/libdfu.pc: Makefile
	@mkdir -p $(@D)
	$(run)printf '%s\n' 'prefix=$(prefix)' 'libdir=$${prefix}/lib' 'includedir=$${prefix}/include' '' \
		'Name: libdfu' 'Description: DFU controller of the legacy BLE DFU profile' \
		'Version: $(VERSION)' 'Requires: $(LIB_PKGS)' \
		'Cflags: -I$${includedir}' 'Libs: -L$${libdir} -ldfu' >$@

install: all $(BUILD)/libdfu.pc
	$(INSTALL) -d $(DESTDIR)$(bindir) $(DESTDIR)$(libdir)/pkgconfig $(DESTDIR)$(includedir)/dfu \
		$(DESTDIR)$(mandir)/man1
	$(INSTALL) -m 755 $(PROGRAMS) $(DESTDIR)$(bindir)
	$(INSTALL) -m 644 $(BUILD)/libdfu.a $(DESTDIR)$(libdir)
	$(INSTALL) -m 644 $(BUILD)/libdfu.pc $(DESTDIR)$(libdir)/pkgconfig
	$(INSTALL) -m 644 $(INSTALLED_HEADERS) $(DESTDIR)$(includedir)/dfu
	$(INSTALL) -m 644 $(MAN_PAGES) $(DESTDIR)$(mandir)/man1

uninstall:
	rm -f $(PROGRAMS:$(BUILD)/%=$(DESTDIR)$(bindir)/%) $(DESTDIR)$(libdir)/libdfu.a \
		$(DESTDIR)$(libdir)/pkgconfig/libdfu.pc $(MAN_PAGES:man/%=$(DESTDIR)$(mandir)/man1/%) \
		$(INSTALLED_HEADERS:include/%=$(DESTDIR)$(includedir)/%)
	-rmdir $(DESTDIR)$(includedir)/dfu

# --- housekeeping ----------------------------------------------------------

clean:
	rm -rf build

help:
	@echo 'make                build dfu-ble and dfu-ble-target in build/$(VARIANT)/'
	@echo 'make deps           install what building and testing needs (apt, dnf, pacman, zypper)'
	@echo 'make check          all tests; installs what is missing first'
	@echo 'make demo           update an emulated device; installs what is missing first'
	@echo 'make bench          measure the transfer'
	@echo 'make soak           millions of random schedules of losses and other faults'
	@echo 'make check-mutations  plant faults in the controller; the simulation has to notice'
	@echo 'make asan           all tests under AddressSanitizer and UndefinedBehaviorSanitizer'
	@echo 'make coverage       all tests, compiled for gcov'
	@echo 'make $(CHECKS:%=check-%)'
	@echo '                    one kind of test'
	@echo 'make check-vm       the scenarios over kernel and bluetoothd, in a virtual machine;'
	@echo '                    installs what is missing first'
	@echo 'make check-every-packet'
	@echo '                    lose the link at each packet of an image: a minute or two'
	@echo 'make install        to $$(DESTDIR)$$(prefix), $(prefix) if not told; uninstall'
	@echo 'make clean          remove build/'
	@echo 'V=1 shows commands; WERROR=1 makes warnings errors; VARIANT=NAME builds apart.'

.PHONY: all check check-vm check-built $(CHECKS:%=check-%) check-mutations demo soak bench asan coverage deps \
	check-every-packet install uninstall clean help

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
