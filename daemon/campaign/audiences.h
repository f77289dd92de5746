/*
 * audiences.h - whom a step tells: `to` and `audiences` of campaign.yaml.
 */
#ifndef CAMPAIGN_AUDIENCES_H
#define CAMPAIGN_AUDIENCES_H

#include "daemon/campaign/build.h"

#define AUDIENCES_MAX 64 /**< of one list, spelled out */

struct audience_book;

/** Read `audiences`: names for lists. They do not nest. */
struct audience_book *audience_book_new(struct build *b, const struct ysource *src,
					const struct ynode *root);
void audience_book_free(struct audience_book **book);

/**
 * Spell out the list at @key of @map into b->audiences[*first .. *first + *count). An entry that
 * cannot be read is left out, with an error finding. False if there is no list.
 */
bool audiences_read(const struct audience_book *book, const struct ynode *map, const char *key,
		    uint32_t *first, uint32_t *count);

#endif
