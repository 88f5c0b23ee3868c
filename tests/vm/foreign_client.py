#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A DFU controller that shares nothing with dfu-ble but the profile: bleak over
bluetoothd, one write call a packet, a receipt every 10 packets. It shows that the
emulated target is a device for others too.

    foreign_client.py PACKAGE ADDRESS
"""
import asyncio
import json
import struct
import sys
import zipfile

from bleak import BleakClient, BleakScanner
from bleak.exc import BleakError

CONTROL_POINT = "00001531-1212-efde-1523-785feabcd123"
PACKET = "00001532-1212-efde-1523-785feabcd123"
APPLICATION = 4
PACKET_BYTES = 20
RECEIPT_EVERY = 10
SECONDS = 30
TRIES = 5


def read_package(path):
    with zipfile.ZipFile(path) as package:
        part = json.loads(package.read("manifest.json"))["manifest"]["application"]
        return package.read(part["dat_file"]), package.read(part["bin_file"])


class Controller:
    def __init__(self, client):
        self.client = client
        self.answers = asyncio.Queue()

    async def begin(self):
        await self.client.start_notify(
            CONTROL_POINT, lambda _, value: self.answers.put_nowait(bytes(value)))

    async def expect(self, wanted):
        answer = await asyncio.wait_for(self.answers.get(), SECONDS)
        if answer != wanted:
            sys.exit(f"the target answers {answer.hex(' ')}, not {wanted.hex(' ')}")

    async def request(self, *octets):
        await self.client.write_gatt_char(CONTROL_POINT, bytes(octets), response=True)

    async def packet(self, octets):
        await self.client.write_gatt_char(PACKET, octets, response=False)

    async def send_init(self, init):
        await self.request(0x02, 0x00)
        for at in range(0, len(init), PACKET_BYTES):
            await self.packet(init[at:at + PACKET_BYTES])
        await self.request(0x02, 0x01)
        await self.expect(b"\x10\x02\x01")

    async def send_image(self, image):
        await self.request(0x08, RECEIPT_EVERY, 0)
        await self.request(0x03)
        for number, at in enumerate(range(0, len(image), PACKET_BYTES), 1):
            chunk = image[at:at + PACKET_BYTES]
            await self.packet(chunk)
            if number % RECEIPT_EVERY == 0 and at + len(chunk) < len(image):
                await self.expect(b"\x11" + struct.pack("<I", at + len(chunk)))
        await self.expect(b"\x10\x03\x01")

    async def update(self, init, image):
        await self.begin()
        await self.request(0x01, APPLICATION)
        await self.packet(struct.pack("<III", 0, 0, len(image)))
        await self.expect(b"\x10\x01\x01")
        await self.send_init(init)
        await self.send_image(image)
        await self.request(0x04)
        await self.expect(b"\x10\x04\x01")
        try:
            await self.request(0x05)
        except Exception as error:  # the target restarts, and may not answer before
            print("activate:", error)


async def connect(address, on_dropped):
    """Tries again: bluetoothd may connect without a signal, and bleak takes that for a loss."""
    for left in reversed(range(TRIES)):
        device = await BleakScanner.find_device_by_address(address, SECONDS)
        if device is None:
            sys.exit(f"{address} is not heard")
        client = BleakClient(device, disconnected_callback=on_dropped)
        try:
            await client.connect()
            return client
        except BleakError as error:
            print("connect:", error)
            if left == 0:
                raise


async def main(path, address):
    init, image = read_package(path)
    dropped = asyncio.Event()
    client = await connect(address, lambda _: dropped.set())
    dropped.clear()
    await Controller(client).update(init, image)
    # The target restarts. A disconnect of our own at the same moment is more than bleak bears.
    await asyncio.wait_for(dropped.wait(), SECONDS)


asyncio.run(main(*sys.argv[1:]))
