/*
 * message.c - ownership of messages. Nothing else.
 */
#include "notifiers/notifier.h"

/* Every string of an item, so that new and free cannot forget one. */
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

static void item_free(void *p)
{
	struct message_item *item = p;

#define FREE(name) g_free(item->name);
	ITEM_STRINGS(FREE)
#undef FREE
	g_free(item);
}

struct message *message_new(void)
{
	struct message *m = g_new0(struct message, 1);

#define EMPTY(name) m->name = g_strdup("");
	MESSAGE_STRINGS(EMPTY)
#undef EMPTY
	m->items = g_ptr_array_new_with_free_func(item_free);
	return m;
}

struct message_item *message_add(struct message *m)
{
	struct message_item *item = g_new0(struct message_item, 1);

#define EMPTY(name) item->name = g_strdup("");
	ITEM_STRINGS(EMPTY)
#undef EMPTY
	g_ptr_array_add(m->items, item);
	return item;
}

void message_free(struct message **m)
{
	if (*m == NULL)
		return;
#define FREE(name) g_free((*m)->name);
	MESSAGE_STRINGS(FREE)
#undef FREE
	g_ptr_array_unref((*m)->items);
	g_free(*m);
	*m = NULL;
}
