/*
 * fuzz_yaml.c - any bytes as campaign.yaml, beside a good table of units and a good calendar.
 *
 * Besides not crashing: a campaign that loads has policies whose indexes lie inside its
 * arrays, and every ladder of it can be built.
 *
 * links: core calendars campaign
 */
#include <stdint.h>
#include <string.h>

#include "calendars/ladder.h"
#include "daemon/campaign/lint.h"
#include "daemon/campaign/load.h"
#include "daemon/core/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char units[] = "unit,name,kind,role,person,email\n"
			    "office,办,office,liaison,甲,o@example.org\n"
			    "a,镇,town,liaison,乙,a@example.org\n";
static const char calendar[] = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:"
			       "w\r\nDTSTAMP:20190101T000000Z\r\n"
			       "DTSTART:20190802T170000\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\nSUMMARY:"
			       "周报\r\nCATEGORIES:REPORT\r\n"
			       "END:VEVENT\r\nEND:VCALENDAR\r\n";

static void walk(const struct campaign *c)
{
	for (uint32_t i = 0; i < c->n_policies; i++) {
		const struct policy *p = &c->policies[i];
		struct ladder *l;

		must(p->step + p->steps <= c->n_steps);
		for (uint32_t k = 0; k < p->steps; k++)
			must(c->steps[p->step + k].to + c->steps[p->step + k].tos <=
			     c->n_audiences);
		l = ladder_build(c, p, NULL, 0, 1565341200000);
		ladder_free(&l);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct campaign_files *files = campaign_files_new("fuzz");
	struct findings *f = findings_new();
	struct campaign *c = NULL;

	campaign_files_add(files, "campaign.ics", calendar, strlen(calendar));
	campaign_files_add(files, "campaign.yaml", data, size);
	campaign_files_add(files, "units.csv", units, strlen(units));
	if (campaign_load(files, 1600000000000, &c, f) == 0) {
		walk(c);
		campaign_lint(c, files, f);
	}
	campaign_free(&c);
	findings_free(&f);
	campaign_files_free(&files);
	return 0;
}
