/*
 * message.c - ownership of messages. Nothing else.
 */
#include "notifiers/notifier.h"

#define KEPT_SIZE 1024 /* bytes: all strings of a usual message */

/* Every string of an item, so that none is forgotten. */
#define ITEM_STRINGS(X)                                                                            \
	X(step)                                                                                    \
	X(unit_id)                                                                                 \
	X(unit)                                                                                    \
	X(uid)                                                                                     \
	X(rid)                                                                                     \
	X(title)                                                                                   \
	X(due_text)                                                                                \
	X(due_iso)                                                                                 \
	X(was_text)                                                                                \
	X(on_time_text)                                                                            \
	X(role)                                                                                    \
	X(description)                                                                             \
	X(tags)                                                                                    \
	X(reason)                                                                                  \
	X(received_text)                                                                           \
	X(token)

#define MESSAGE_STRINGS(X)                                                                         \
	X(identity)                                                                                \
	X(campaign_key)                                                                            \
	X(campaign)                                                                                \
	X(locale)                                                                                  \
	X(address)                                                                                 \
	X(person)                                                                                  \
	X(person_unit)                                                                             \
	X(now_text)                                                                                \
	X(now_iso)                                                                                 \
	X(office)

struct message *message_new(void)
{
	struct message *m = g_new0(struct message, 1);

#define EMPTY(name) m->name = "";
	MESSAGE_STRINGS(EMPTY)
#undef EMPTY
	m->items = g_ptr_array_new_with_free_func(g_free);
	m->kept = g_string_chunk_new(KEPT_SIZE);
	return m;
}

struct message_item *message_add(struct message *m)
{
	struct message_item *item = g_new0(struct message_item, 1);

#define EMPTY(name) item->name = "";
	ITEM_STRINGS(EMPTY)
#undef EMPTY
	g_ptr_array_add(m->items, item);
	return item;
}

const char *message_keep(struct message *m, const char *text)
{
	return text[0] == '\0' ? "" : g_string_chunk_insert(m->kept, text);
}

void message_free(struct message **m)
{
	if (*m == NULL)
		return;
	g_ptr_array_unref((*m)->items);
	g_string_chunk_free((*m)->kept);
	g_free(*m);
	*m = NULL;
}
