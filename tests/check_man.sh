#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The man pages are without fault in mandoc's eyes.
set -eu

for page in man/*.1; do
  mandoc -T lint -W warning "$page"
done
echo "man pages are clean"
