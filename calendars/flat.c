/*
 * flat.c - see flat.h.
 *
 *   flat     = MAGIC rc n finding* [n component* n line* words*]
 *   text     = length bytes NUL
 *
 * Numbers are 32 bits wide and of this machine: parent and child are one program. Texts keep
 * their NUL so that a decoded scan can point into one copy of the bytes.
 */
#include "flat.h"

#include <errno.h>
#include <string.h>

#include "daemon/core/err.h"
#include "ical_words.h"

#define MAGIC 0x31464344u /* "DCF1" */

struct flat_words *flat_words_new(void)
{
	struct flat_words *w = g_new0(struct flat_words, 1);

	w->categories = g_ptr_array_new_with_free_func(g_free);
	w->attendees = g_ptr_array_new_with_free_func(g_free);
	w->alarms = g_array_new(FALSE, FALSE, sizeof(struct calendar_alarm));
	return w;
}

void flat_words_free(gpointer words)
{
	struct flat_words *w = words;

	if (w == NULL)
		return;
	g_free(w->summary);
	g_free(w->description);
	g_free(w->location);
	g_free(w->status);
	g_ptr_array_unref(w->categories);
	g_ptr_array_unref(w->attendees);
	g_array_unref(w->alarms);
	g_free(w);
}

static struct flat *flat_new(void)
{
	struct flat *f = g_new0(struct flat, 1);

	f->findings = findings_new();
	f->words = g_ptr_array_new_with_free_func(flat_words_free);
	return f;
}

void flat_free(struct flat **fp)
{
	struct flat *f = *fp;

	if (f == NULL)
		return;
	*fp = NULL;
	findings_free(&f->findings);
	g_ptr_array_unref(f->words);
	scan_free(&f->scan);
	g_free(f);
}

static bool is_task(const struct scan_component *x)
{
	return !x->broken && (strcmp(x->name, "VEVENT") == 0 || strcmp(x->name, "VTODO") == 0);
}

struct flat *flat_parse(const char *bytes, size_t size, size_t bytes_max)
{
	struct flat *f = flat_new();

	f->rc = scan_read("", bytes, size, bytes_max, &f->scan, f->findings);
	for (uint32_t i = 0; f->scan != NULL && i < f->scan->components->len; i++)
		g_ptr_array_add(f->words, is_task(scan_component_at(f->scan, i))
						  ? ical_words_parse(f->scan, i)
						  : NULL);
	return f;
}

struct flat *flat_refused(const char *code, const char *why)
{
	struct flat *f = flat_new();

	f->rc = -EBADMSG;
	findings_add(f->findings, SEVERITY_ERROR, "", 0, 0, code, NULL,
		     "无法读取：%s；整个文件不予采用", why);
	return f;
}

/* ---- writing -------------------------------------------------------------------- */

static void put(GByteArray *out, uint32_t n)
{
	g_byte_array_append(out, (const guint8 *)&n, sizeof(n));
}

static void put_text(GByteArray *out, const char *text)
{
	size_t size = strlen(text);

	must(size < UINT32_MAX);
	put(out, (uint32_t)size);
	g_byte_array_append(out, (const guint8 *)text, (guint)size + 1);
}

static void put_findings(GByteArray *out, const struct findings *findings)
{
	put(out, findings->list->len);
	for (guint i = 0; i < findings->list->len; i++) {
		const struct finding *x = findings->list->pdata[i];

		put(out, x->severity);
		put(out, (uint32_t)x->line);
		put(out, (uint32_t)x->column);
		put_text(out, x->code);
		put_text(out, x->text);
	}
}

static void put_scan(GByteArray *out, const struct scan *s)
{
	put(out, s->components->len);
	for (guint i = 0; i < s->components->len; i++) {
		const struct scan_component *x = scan_component_at(s, i);

		put_text(out, x->name);
		put(out, (uint32_t)x->line);
		put(out, x->parent);
		put(out, x->first);
		put(out, x->last);
		put(out, x->next);
		put(out, x->broken);
	}
	put(out, s->lines->len);
	for (guint i = 0; i < s->lines->len; i++) {
		const struct scan_line *l = scan_line_at(s, i);

		put_text(out, l->name);
		put_text(out, l->params);
		put_text(out, l->value);
		put(out, (uint32_t)l->line);
		put(out, l->component);
	}
}

static void put_texts(GByteArray *out, const GPtrArray *texts)
{
	put(out, texts->len);
	for (guint i = 0; i < texts->len; i++)
		put_text(out, texts->pdata[i]);
}

static void put_alarm(GByteArray *out, const struct calendar_alarm *a)
{
	const int numbers[] = {a->sign, a->weeks, a->days, a->hours, a->minutes, a->seconds};

	put(out, a->absolute);
	g_byte_array_append(out, (const guint8 *)&a->instant, sizeof(a->instant));
	for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
		put(out, (uint32_t)numbers[i]);
}

static void put_words(GByteArray *out, const struct flat_words *w)
{
	put(out, w->readable);
	put(out, w->bad_property);
	put(out, (uint32_t)w->alarms_more);
	put_text(out, w->summary);
	put_text(out, w->description);
	put_text(out, w->location);
	put_text(out, w->status);
	put_texts(out, w->categories);
	put_texts(out, w->attendees);
	put(out, w->alarms->len);
	for (guint i = 0; i < w->alarms->len; i++)
		put_alarm(out, &g_array_index(w->alarms, struct calendar_alarm, i));
}

void flat_encode(const struct flat *f, GByteArray *out)
{
	put(out, MAGIC);
	put(out, (uint32_t)f->rc);
	put_findings(out, f->findings);
	if (f->scan == NULL)
		return;
	put_scan(out, f->scan);
	for (guint i = 0; i < f->words->len; i++)
		if (f->words->pdata[i] != NULL)
			put_words(out, f->words->pdata[i]);
}

/* ---- reading -------------------------------------------------------------------- */

/* .at == NULL: something was not as it must be, and nothing more is read. */
struct reader {
	const char *at, *end;
};

static uint32_t get(struct reader *r)
{
	uint32_t n;

	if (r->at == NULL || (size_t)(r->end - r->at) < sizeof(n)) {
		r->at = NULL;
		return 0;
	}
	memcpy(&n, r->at, sizeof(n));
	r->at += sizeof(n);
	return n;
}

/* At least one byte is read of each: that many cannot be there otherwise. */
static uint32_t get_count(struct reader *r)
{
	uint32_t n = get(r);

	if (r->at != NULL && n > (size_t)(r->end - r->at))
		r->at = NULL;
	return r->at == NULL ? 0 : n;
}

static const char *get_text(struct reader *r)
{
	uint32_t size = get(r);
	const char *text = r->at;

	if (text == NULL || (size_t)(r->end - text) <= size || text[size] != '\0' ||
	    memchr(text, '\0', size) != NULL || !g_utf8_validate_len(text, size, NULL)) {
		r->at = NULL;
		return "";
	}
	r->at += size + 1;
	return text;
}

static void get_findings(struct reader *r, struct findings *findings)
{
	uint32_t n = get_count(r);

	for (uint32_t i = 0; i < n && r->at != NULL; i++) {
		bool error = get(r) == SEVERITY_ERROR;
		int line = (int)get(r), column = (int)get(r);
		const char *code = get_text(r), *text = get_text(r);

		if (r->at != NULL)
			findings_add(findings, error ? SEVERITY_ERROR : SEVERITY_WARNING, "",
				     MAX(line, 0), MAX(column, 0), code, NULL, "%s", text);
	}
}

static void get_components(struct reader *r, struct scan *s)
{
	uint32_t n = get_count(r);

	for (uint32_t i = 0; i < n && r->at != NULL; i++) {
		struct scan_component x = {.name = get_text(r)};

		x.line = (int)get(r);
		x.parent = get(r);
		x.first = get(r);
		x.last = get(r);
		x.next = get(r);
		x.broken = get(r) != 0;
		if (x.line < 0 || (x.parent != SCAN_NO_PARENT && x.parent >= i) || x.next <= i ||
		    x.next > n || x.first > x.last)
			r->at = NULL;
		g_array_append_val(s->components, x);
	}
}

static void get_lines(struct reader *r, struct scan *s)
{
	uint32_t n = get_count(r);

	if (n > SCAN_LINES_MAX)
		r->at = NULL;
	for (uint32_t i = 0; i < n && r->at != NULL; i++) {
		struct scan_line l = {.name = get_text(r)};

		l.params = get_text(r);
		l.value = get_text(r);
		l.line = (int)get(r);
		l.component = get(r);
		if (l.line < 0 ||
		    (l.component != SCAN_NO_PARENT && l.component >= s->components->len))
			r->at = NULL;
		g_array_append_val(s->lines, l);
	}
	for (guint i = 0; i < s->components->len && r->at != NULL; i++)
		if (scan_component_at(s, i)->last > n)
			r->at = NULL;
}

static void get_texts(struct reader *r, GPtrArray *texts)
{
	uint32_t n = get_count(r);

	for (uint32_t i = 0; i < n && r->at != NULL; i++)
		g_ptr_array_add(texts, g_strdup(get_text(r)));
}

static struct calendar_alarm get_alarm(struct reader *r)
{
	struct calendar_alarm a = {.absolute = get(r) != 0};

	if (r->at != NULL && (size_t)(r->end - r->at) >= sizeof(a.instant)) {
		memcpy(&a.instant, r->at, sizeof(a.instant));
		r->at += sizeof(a.instant);
	} else {
		r->at = NULL;
	}
	a.sign = (int)get(r);
	a.weeks = (int)get(r);
	a.days = (int)get(r);
	a.hours = (int)get(r);
	a.minutes = (int)get(r);
	a.seconds = (int)get(r);
	if (a.sign < -1 || a.sign > 1)
		r->at = NULL;
	return a;
}

static struct flat_words *get_words(struct reader *r)
{
	struct flat_words *w = flat_words_new();
	uint32_t n;

	w->readable = get(r) != 0;
	w->bad_property = get(r) != 0;
	w->alarms_more = MAX((int)get(r), 0);
	w->summary = g_strdup(get_text(r));
	w->description = g_strdup(get_text(r));
	w->location = g_strdup(get_text(r));
	w->status = g_strdup(get_text(r));
	get_texts(r, w->categories);
	get_texts(r, w->attendees);
	n = get_count(r);
	for (uint32_t i = 0; i < n && r->at != NULL; i++) {
		struct calendar_alarm a = get_alarm(r);

		g_array_append_val(w->alarms, a);
	}
	return w;
}

static void get_scan(struct reader *r, struct flat *f)
{
	struct scan *s = g_new0(struct scan, 1);

	s->lines = g_array_new(FALSE, FALSE, sizeof(struct scan_line));
	s->components = g_array_new(FALSE, FALSE, sizeof(struct scan_component));
	s->texts = g_ptr_array_new_with_free_func(g_free);
	f->scan = s;
	get_components(r, s);
	get_lines(r, s);
	for (guint i = 0; i < s->components->len && r->at != NULL; i++)
		g_ptr_array_add(f->words, is_task(scan_component_at(s, i)) ? get_words(r) : NULL);
}

int flat_decode(const void *bytes, size_t size, struct flat **out, struct err *err)
{
	char *copy = g_memdup2(bytes, size);
	struct reader r = {copy, copy + size};
	struct flat *f = flat_new();

	if (get(&r) != MAGIC)
		r.at = NULL;
	f->rc = (int)get(&r);
	get_findings(&r, f->findings);
	if (r.at != NULL && f->rc == 0)
		get_scan(&r, f);
	else if (f->rc > 0)
		r.at = NULL;
	if (f->scan != NULL)
		g_ptr_array_add(f->scan->texts, g_steal_pointer(&copy));
	g_free(copy);
	if (r.at == NULL || r.at != r.end) {
		flat_free(&f);
		return err_set(err, -EPROTO, "解析进程的输出不对");
	}
	*out = f;
	return 0;
}
