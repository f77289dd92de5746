/*
 * table.c - the channels there are. A new channel is a row here and a file beside it.
 */
#include "notifiers/email.h"
#include "notifiers/notifier.h"
#include "notifiers/webhook.h"

static const struct notifier *const notifiers[] = {&email_notifier, &webhook_notifier};

const struct notifier *notifier_get(enum channel channel)
{
	for (size_t i = 0; i < G_N_ELEMENTS(notifiers); i++)
		if (notifiers[i]->channel == channel)
			return notifiers[i];
	return NULL;
}
