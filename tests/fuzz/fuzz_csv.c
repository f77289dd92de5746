/*
 * fuzz_csv.c - any bytes as units.csv.
 *
 * Besides not crashing: no address with a control character, a blank or other than one @
 * comes out, and contacts belong to the unit that lists them.
 *
 * links: core calendars campaign
 */
#include <stdint.h>
#include <string.h>

#include "daemon/campaign/load.h"
#include "daemon/core/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char yaml[] =
	"name: 行动\ntimezone: Asia/Shanghai\nlocale: zh_CN\noffice: office\n"
	"policies:\n  default:\n    steps:\n      - {name: 催办, at: \"0\", to: [liaison]}\n";
static const char calendar[] = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:"
			       "w\r\nDTSTAMP:20190101T000000Z\r\n"
			       "DTSTART:20190802T170000\r\nSUMMARY:周报\r\nCATEGORIES:"
			       "REPORT\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

static void check_address(const char *a)
{
	const char *at = strchr(a, '@');

	if (*a == 0)
		return;
	must(at != NULL && strchr(at + 1, '@') == NULL);
	for (; *a != 0; a++)
		must((unsigned char)*a > 0x20 && *a != 0x7f);
}

static void walk(const struct campaign *c)
{
	for (uint32_t u = 0; u < c->n_units; u++) {
		must(c->units[u].contact + c->units[u].contacts <= c->n_contacts);
		for (uint32_t i = 0; i < c->units[u].contacts; i++) {
			const struct contact *p = &c->contacts[c->units[u].contact + i];

			must(p->unit == u && p->role < ROLES);
			check_address(campaign_text(c, p->address[CHANNEL_EMAIL]));
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct campaign_files *files = campaign_files_new("fuzz");
	struct findings *f = findings_new();
	struct campaign *c = NULL;

	campaign_files_add(files, "campaign.ics", calendar, strlen(calendar));
	campaign_files_add(files, "campaign.yaml", yaml, strlen(yaml));
	campaign_files_add(files, "units.csv", data, size);
	if (campaign_load(files, 1600000000000, &c, f) == 0)
		walk(c);
	campaign_free(&c);
	findings_free(&f);
	campaign_files_free(&files);
	return 0;
}
