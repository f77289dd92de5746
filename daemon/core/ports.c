/*
 * ports.c - ownership of what travels between deciders and drivers.
 */
#include "ports.h"

void request_free(struct request **r)
{
	if (!*r)
		return;
	g_free((*r)->identity);
	g_clear_pointer(&(*r)->body, g_bytes_unref);
	g_free((*r)->from);
	g_free((*r)->to);
	g_free((*r)->url);
	g_clear_pointer(&(*r)->headers, g_ptr_array_unref);
	g_free(*r);
	*r = NULL;
}

void reply_free(struct reply **r)
{
	if (!*r)
		return;
	g_free((*r)->text);
	g_clear_pointer(&(*r)->body, g_bytes_unref);
	g_free((*r)->verb);
	g_free(*r);
	*r = NULL;
}

const char *outcome_word(enum outcome o)
{
	switch (o) {
	case OUTCOME_SENT:
		return "sent";
	case OUTCOME_RETRY:
		return "retry";
	case OUTCOME_REFUSED:
		return "refused";
	case OUTCOME_UNKNOWN:
		return "unknown";
	}
	return "?";
}
