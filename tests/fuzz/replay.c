/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A main() for a fuzz target without a fuzzing engine: runs each file that is
 * named on the command line, and then a fixed number of mutations of it that
 * follow from its contents alone. A crash or a sanitizer's word is the failure;
 * the mutation that caused it is left in replay-crash.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* There under a sanitizer only, which ends the program without a signal. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

enum { MAX_BYTES = 64 * 1024, MUTATIONS = 2000, MAX_EDITS = 6 };

static const uint8_t *current;
static size_t current_len;

static void keep_input(void)
{
  int fd = open("replay-crash", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

  if (fd >= 0 && write(fd, current, current_len) == (ssize_t)current_len)
    close(fd);
}

static void on_crash(int number)
{
  keep_input();
  signal(number, SIG_DFL);
  raise(number);
}

static uint32_t next_random(uint32_t *state)
{
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state;
}

/** FNV-1a: the same file always gives the same mutations. */
static uint32_t seed_of(const uint8_t *data, size_t len)
{
  uint32_t hash = 2166136261u;

  for (size_t i = 0; i < len; i++)
    hash = (hash ^ data[i]) * 16777619u;
  return hash != 0 ? hash : 1;
}

/** Runs a copy of exactly the right size, so that a sanitizer sees a step too far. */
static void run(const uint8_t *data, size_t len)
{
  uint8_t *copy = malloc(len > 0 ? len : 1);

  if (copy == NULL)
    abort();
  memcpy(copy, data, len);
  current = copy;
  current_len = len;
  LLVMFuzzerTestOneInput(copy, len);
  free(copy);
}

static size_t remove_range(uint8_t *data, size_t len, size_t at, size_t n)
{
  n = n < len - at ? n : len - at;
  memmove(data + at, data + at + n, len - at - n);
  return len - n;
}

static size_t repeat_range(uint8_t *data, size_t len, size_t at, size_t n)
{
  n = n < len - at ? n : len - at;
  n = n < MAX_BYTES - len ? n : MAX_BYTES - len;
  memmove(data + at + n, data + at, len - at);
  return len + n;
}

static size_t edit(uint8_t *data, size_t len, uint32_t *random)
{
  static const uint8_t interesting[] = {0x00, 0x01, 0x7f, 0x80, 0xff, '"', '{', '[', ':', '0'};
  size_t at = next_random(random) % len;
  size_t n = 1 + next_random(random) % 32;

  switch (next_random(random) % 6) {
  case 0:
    data[at] ^= (uint8_t)(1u << (next_random(random) % 8));
    return len;
  case 1:
    data[at] = (uint8_t)next_random(random);
    return len;
  case 2:
    data[at] = interesting[next_random(random) % sizeof interesting];
    return len;
  case 3:
    return remove_range(data, len, at, n);
  case 4:
    return repeat_range(data, len, at, n);
  default:
    return at; /* cut */
  }
}

static void run_mutations(const uint8_t *data, size_t len)
{
  static uint8_t buffer[MAX_BYTES];
  uint32_t random = seed_of(data, len);

  for (int i = 0; i < MUTATIONS; i++) {
    size_t mutated = len;
    uint32_t edits = 1 + next_random(&random) % MAX_EDITS;

    memcpy(buffer, data, len);
    while (edits-- > 0 && mutated > 0)
      mutated = edit(buffer, mutated, &random);
    run(buffer, mutated);
  }
}

static int replay(const char *path)
{
  static uint8_t data[MAX_BYTES];
  FILE *file = fopen(path, "rb");

  if (file == NULL) {
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return 1;
  }

  size_t len = fread(data, 1, sizeof data, file);

  fclose(file);
  run(data, len);
  run_mutations(data, len);
  return 0;
}

int main(int argc, char **argv)
{
  static const int crashes[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};

  for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
    signal(crashes[i], on_crash);
  if (__sanitizer_set_death_callback != NULL)
    __sanitizer_set_death_callback(keep_input);
  for (int i = 1; i < argc; i++) {
    if (replay(argv[i]) != 0)
      return 1;
  }
  printf("%s: %d files, %d runs\n", argv[0], argc - 1, (argc - 1) * (1 + MUTATIONS));
  return argc > 1 ? 0 : 2;
}
