/*
 * dav_flatten.c - the child's half of dav.h: libxml2's reader walks the answer, no tree is built.
 *
 *   multistatus > response > href, status
 *                          > propstat > status
 *                                     > prop > getetag, getctag, sync-token, calendar-data,
 *                                              resourcetype > collection, calendar
 *
 * A propstat's properties count only when its status is 200, which may come after them.
 */
#include <errno.h>
#include <libxml/xmlreader.h>
#include <stdlib.h>
#include <string.h>

#include "dav.h"

#define NS_DAV "DAV:"
#define NS_CAL "urn:ietf:params:xml:ns:caldav"
#define NS_CS "http://calendarserver.org/ns/"
#define DEPTH_MAX 32

enum where { ELSEWHERE, MULTISTATUS, RESPONSE, PROPSTAT, PROP, TYPE, TEXT };

struct props {
	char *etag, *ctag, *token, *data;
	bool collection, calendar;
};

struct flatten {
	xmlTextReaderPtr reader;
	GString *out;
	enum where at[DEPTH_MAX]; /* by depth */
	GString *text;            /* of the element whose text is wanted */
	char **into;              /* where it goes; NULL: not wanted */
	char *href, *status, *propstat_status;
	struct props found, pending;
	unsigned entries;
	bool begun;
};

static void props_clear(struct props *p)
{
	g_free(p->etag);
	g_free(p->ctag);
	g_free(p->token);
	g_free(p->data);
	*p = (struct props){0};
}

/** "HTTP/1.1 200 OK" to 200; 0 if it is nothing of the kind. */
static int status_of(const char *line)
{
	const char *code = line == NULL ? NULL : strchr(line, ' ');

	return code == NULL ? 0 : atoi(code + 1);
}

static void move(char **to, char **from)
{
	if (*from == NULL)
		return;
	g_free(*to);
	*to = g_steal_pointer(from);
}

static void end_propstat(struct flatten *f)
{
	if (status_of(f->propstat_status) == 200) {
		move(&f->found.etag, &f->pending.etag);
		move(&f->found.ctag, &f->pending.ctag);
		move(&f->found.token, &f->pending.token);
		move(&f->found.data, &f->pending.data);
		f->found.collection |= f->pending.collection;
		f->found.calendar |= f->pending.calendar;
	}
	props_clear(&f->pending);
	g_clear_pointer(&f->propstat_status, g_free);
}

static void put(GString *out, const char *key, const char *value)
{
	if (value == NULL)
		return;
	g_string_append_printf(out, "%s %zu\n", key, strlen(value));
	g_string_append(out, value);
	g_string_append_c(out, '\n');
}

static void end_response(struct flatten *f)
{
	g_autofree char *status = g_strdup_printf("%d", status_of(f->status));

	put(f->out, "href", f->href == NULL ? "" : f->href);
	put(f->out, "status", status);
	put(f->out, "collection", f->found.collection ? "" : NULL);
	put(f->out, "calendar", f->found.calendar ? "" : NULL);
	put(f->out, "etag", f->found.etag);
	put(f->out, "ctag", f->found.ctag);
	put(f->out, "token", f->found.token);
	put(f->out, "data", f->found.data);
	props_clear(&f->found);
	g_clear_pointer(&f->href, g_free);
	g_clear_pointer(&f->status, g_free);
	f->entries++;
}

static void want(struct flatten *f, char **into)
{
	f->into = into;
	g_string_truncate(f->text, 0);
}

struct rule {
	enum where in;
	const char *space, *name;
	enum where to;
	size_t into; /* of struct flatten; 0 = no text is wanted */
};

static const struct rule rules[] = {
	{MULTISTATUS, NS_DAV, "response", RESPONSE, 0},
	{RESPONSE, NS_DAV, "href", TEXT, offsetof(struct flatten, href)},
	{RESPONSE, NS_DAV, "status", TEXT, offsetof(struct flatten, status)},
	{RESPONSE, NS_DAV, "propstat", PROPSTAT, 0},
	{PROPSTAT, NS_DAV, "status", TEXT, offsetof(struct flatten, propstat_status)},
	{PROPSTAT, NS_DAV, "prop", PROP, 0},
	{PROP, NS_DAV, "getetag", TEXT, offsetof(struct flatten, pending.etag)},
	{PROP, NS_CS, "getctag", TEXT, offsetof(struct flatten, pending.ctag)},
	{PROP, NS_DAV, "sync-token", TEXT, offsetof(struct flatten, pending.token)},
	{PROP, NS_CAL, "calendar-data", TEXT, offsetof(struct flatten, pending.data)},
	{PROP, NS_DAV, "resourcetype", TYPE, 0},
};

static void begin(struct flatten *f, unsigned depth, const char *space, const char *name)
{
	enum where in = depth == 0 ? ELSEWHERE : f->at[depth - 1];

	f->at[depth] = ELSEWHERE;
	f->into = NULL;
	if (depth == 0 && strcmp(space, NS_DAV) == 0 && strcmp(name, "multistatus") == 0) {
		f->at[0] = MULTISTATUS;
		f->begun = true;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
		const struct rule *r = &rules[i];

		if (r->in != in || strcmp(r->space, space) != 0 || strcmp(r->name, name) != 0)
			continue;
		f->at[depth] = r->to;
		if (r->into != 0)
			want(f, (char **)((char *)f + r->into));
	}
	if (in == TYPE && strcmp(name, "collection") == 0 && strcmp(space, NS_DAV) == 0)
		f->pending.collection = true;
	if (in == TYPE && strcmp(name, "calendar") == 0 && strcmp(space, NS_CAL) == 0)
		f->pending.calendar = true;
}

static void end(struct flatten *f, unsigned depth)
{
	switch (f->at[depth]) {
	case TEXT:
		if (f->into != NULL) {
			g_free(*f->into);
			*f->into = g_strdup(f->text->str);
			f->into = NULL;
		}
		break;
	case PROPSTAT:
		end_propstat(f);
		break;
	case RESPONSE:
		end_response(f);
		break;
	case ELSEWHERE:
	case MULTISTATUS:
	case PROP:
	case TYPE:
		break;
	}
	f->at[depth] = ELSEWHERE;
}

static const char *const_text(const xmlChar *s)
{
	return s == NULL ? "" : (const char *)s;
}

/* What the reader stands on; -errno ends it. */
static int node(struct flatten *f, struct err *err)
{
	xmlTextReaderPtr r = f->reader;
	int type = xmlTextReaderNodeType(r), depth = xmlTextReaderDepth(r);

	if (type == XML_READER_TYPE_DOCUMENT_TYPE || type == XML_READER_TYPE_ENTITY_REFERENCE)
		return err_set(err, -EBADMSG, "a DTD or an entity");
	if (depth < 0 || depth >= DEPTH_MAX)
		return err_set(err, -EFBIG, "nested too deeply");
	if (type == XML_READER_TYPE_ELEMENT) {
		if (f->entries >= DAV_ENTRIES_MAX)
			return err_set(err, -EFBIG, "more than %d members", DAV_ENTRIES_MAX);
		begin(f, (unsigned)depth, const_text(xmlTextReaderConstNamespaceUri(r)),
		      const_text(xmlTextReaderConstLocalName(r)));
		if (xmlTextReaderIsEmptyElement(r))
			end(f, (unsigned)depth);
	} else if (type == XML_READER_TYPE_END_ELEMENT) {
		end(f, (unsigned)depth);
	} else if (f->into != NULL &&
		   (type == XML_READER_TYPE_TEXT || type == XML_READER_TYPE_CDATA ||
		    type == XML_READER_TYPE_SIGNIFICANT_WHITESPACE)) {
		g_string_append(f->text, const_text(xmlTextReaderConstValue(r)));
	}
	return 0;
}

static void be_silent(void *arg, const char *msg, xmlParserSeverities severity,
		      xmlTextReaderLocatorPtr at)
{
	(void)arg, (void)msg, (void)severity, (void)at;
}

static int walk(struct flatten *f, struct err *err)
{
	unsigned nodes = 0;
	int more, rc = 0;

	while (rc == 0 && (more = xmlTextReaderRead(f->reader)) == 1)
		rc = ++nodes > DAV_NODES_MAX ? err_set(err, -EFBIG, "too many elements")
					     : node(f, err);
	if (rc == 0 && more < 0)
		rc = err_set(err, -EBADMSG, "no XML, or half of it");
	if (rc == 0 && !f->begun)
		rc = err_set(err, -EBADMSG, "XML, but no list of a calendar server");
	return rc;
}

int dav_flatten(const char *xml, size_t size, GString *out, struct err *err)
{
	struct flatten f = {.out = out};
	int rc;

	f.reader = size > INT_MAX
			   ? NULL
			   : xmlReaderForMemory(xml, (int)size, "dav", NULL, XML_PARSE_NONET);
	if (f.reader == NULL)
		return err_set(err, -EBADMSG, "no XML");
	f.text = g_string_new(NULL);
	xmlTextReaderSetErrorHandler(f.reader, be_silent, NULL);
	rc = walk(&f, err);
	xmlFreeTextReader(f.reader);
	g_string_free(f.text, TRUE);
	g_free(f.href);
	g_free(f.status);
	g_free(f.propstat_status);
	props_clear(&f.found);
	props_clear(&f.pending);
	return rc;
}
