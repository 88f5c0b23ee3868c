/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A link: the way to one device. A session drives it; the caller only makes it
 * and frees it.
 */
#ifndef DFU_LINK_H
#define DFU_LINK_H

#include <dfu/error.h>
#include <glib.h>

G_BEGIN_DECLS

typedef struct DfuLink DfuLink;

/** Ends what is under way, disconnects where connected, and frees @link. */
void dfu_link_free(DfuLink *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DfuLink, dfu_link_free)

G_END_DECLS

#endif
