/*
 * health.c - thresholds and sentences of health.h.
 */
#include "health.h"

#include <errno.h>
#include <string.h>

#include "err.h"

/*
 * Told while it lasts, if mail can still be recorded and sent; else afterwards, so that the
 * office knows what was refused or came late.  A clock in doubt and a source that fails have
 * alarms of their own, with more to say.
 *
 * In sentences: {about}, {words}, {campaign}; {length}, {size}, {times} of .amount; {share}.
 */
static const struct {
	const char *word;
	dur_t during; /* told after it has lasted so long; WALL_NEVER: not while it lasts */
	dur_t after;  /* else told when it is over, if it lasted so long */
	const char *title, *text;       /* as the office reads them */
	const char *title_en, *text_en; /* the same in English */
} codes[TROUBLES] = {
	[TROUBLE_DATABASE_STUCK] =
		{"database-stuck", WALL_NEVER, MINUTE, "数据库没有反应",
		 "数据库已有 {length}没有反应，登记、决定和查询都在等待。多半是磁盘不应答，请检查 "
		 "{about} "
		 "所在的磁盘；一直不动就重启 duband，已登记的不会丢失",
		 "the database is stuck",
		 "The database has not moved for {length}; reports, decisions and questions wait. "
		 "Usually the disk does not answer: look at the disk of {about}; if it stays so, "
		 "restart duband, nothing recorded is lost"},
	[TROUBLE_DISK_FULL] =
		{"disk-full", 0, MINUTE, "磁盘已满",
		 "磁盘已满，报送和决定登记不进去（都如实答复“未登记”，已登记的没有丢失）。请在 "
		 "{about} "
		 "所在的磁盘上腾出空间，随后自动恢复",
		 "the disk is full",
		 "The disk is full: reports and decisions are refused, not lost. Make room on the "
		 "disk of {about}, the rest comes by itself"},
	[TROUBLE_DATABASE_FAILED] =
		{"database-failed", MINUTE, MINUTE, "数据库读写失败",
		 "数据库读写失败：{words}。没有登记上的都如实答复“未登记”。请检查 {about} "
		 "所在的磁盘是否只读、损坏，详见 duband 的日志",
		 "the database fails",
		 "The database fails: {words}. What is not recorded is refused. See whether the "
		 "disk of {about} is read-only or damaged; duband's log has more"},
	[TROUBLE_DISK_LOW] = {"disk-low", 0, WALL_NEVER, "磁盘空间不足",
			      "数据库所在的磁盘只剩 "
			      "{size}（{share}%），写满以后报送登记不进去。请清理或扩充 {about} "
			      "所在的磁盘",
			      "the disk is nearly full",
			      "The database's disk has only {size} ({share}%) left; when it is "
			      "full, reports are "
			      "refused. Make room on the disk of {about}"},
	[TROUBLE_LOG_LARGE] =
		{"log-large", 10 * MINUTE, WALL_NEVER, "数据库日志过大",
		 "数据库日志有 {size} 并不进数据库，多半是别的程序一直开着 "
		 "{about}。请关掉它（备份请用 "
		 "dubanctl backup），否则磁盘会写满",
		 "the database's log is too large",
		 "{size} of the log cannot be copied into the database; usually another program "
		 "keeps {about} open. Close it (for copies there is dubanctl backup), or the disk "
		 "will be full"},
	[TROUBLE_TICK_LATE] =
		{"tick-late", 0, MINUTE, "督办计划停滞",
		 "督办计划已晚了 {length}，到时的提醒没有产生。请看 duband 的日志（journalctl -u "
		 "duband）；一直如此就重启 duband",
		 "planning is late",
		 "Planning is {length} late: reminders that are due have not been made. See "
		 "duband's log; if it stays so, restart duband"},
	[TROUBLE_OUTBOX_LATE] =
		{"outbox-late", 0, WALL_NEVER, "消息积压",
		 "最早的一件待发消息过了时间 {length}还没有发出。请看 dubanctl deliveries --state "
		 "queued，并检查邮件服务器是否应付得过来",
		 "messages are late",
		 "The oldest message has been due for {length} and is not sent. See dubanctl "
		 "deliveries --state queued, and whether the mail relay keeps up"},
	[TROUBLE_RELAY_DOWN] =
		{"relay-unreachable", WALL_NEVER, 10 * MINUTE, "邮件服务器连不上",
		 "邮件服务器 {about} 已有 "
		 "{length}连不上：{words}。消息都留着，连上以后补发。请检查邮件服务"
		 "器、网络和 duban.yaml 的 mail",
		 "the mail relay cannot be reached",
		 "The mail relay {about} could not be reached for {length}: {words}. Messages are "
		 "kept and sent later. Look at the relay, the network and mail: in duban.yaml"},
	[TROUBLE_CLOCK] =
		{"clock-doubt", WALL_NEVER, WALL_NEVER, "时钟可疑",
		 "服务器时钟可疑：{words}。面向领导的通知已暂缓，请核对时间（dubanctl clock）",
		 "the clock is in doubt",
		 "The server's clock is in doubt; superiors hear nothing meanwhile. Check "
		 "the time (dubanctl clock)"},
	[TROUBLE_FILES] =
		{"files-broken", 5 * MINUTE, WALL_NEVER, "文件有错误",
		 "专项行动 {campaign}：{words}", "files have errors",
		 "Campaign {campaign}: what lies in its directory is not in force, the last "
		 "good files are. Run dubanctl check, then dubanctl reload"},
	[TROUBLE_SOURCE] =
		{"source-failed", WALL_NEVER, WALL_NEVER, "远程来源异常",
		 "专项行动 {campaign} 的远程来源 {about} 接连 {times} 次没有读成：{words}。"
		 "仍按上一次读到的运行，请检查对方服务器和 campaign.yaml 的 sources",
		 "a remote source fails",
		 "Remote source {about} of campaign {campaign} failed {times} times in a "
		 "row: {words}. What it gave last stays in force; look at that server and "
		 "at sources: in campaign.yaml"},
};

const char *trouble_word(enum trouble_code code)
{
	must(code < TROUBLES);
	return codes[code].word;
}

const char *trouble_title(enum trouble_code code, bool english)
{
	must(code < TROUBLES);
	return english ? codes[code].title_en : codes[code].title;
}

struct trouble *trouble_new(enum trouble_code code, const char *campaign, const char *about,
			    const char *words)
{
	struct trouble *t = g_new0(struct trouble, 1);

	t->code = code;
	t->campaign = g_strdup(campaign);
	t->about = g_strdup(about);
	t->words = g_strdup(words);
	return t;
}

void trouble_free(gpointer p)
{
	struct trouble *t = p;

	if (t == NULL)
		return;
	g_free(t->campaign);
	g_free(t->about);
	g_free(t->words);
	g_free(t);
}

char *trouble_key(const struct trouble *t)
{
	const char *word = trouble_word(t->code);

	if (t->campaign == NULL)
		return g_strdup(word);
	if (t->code != TROUBLE_SOURCE)
		return g_strdup_printf("%s:%s", word, t->campaign);
	return g_strdup_printf("%s:%s/%s", word, t->campaign, t->about == NULL ? "" : t->about);
}

/* ---- judging -------------------------------------------------------------- */

static struct trouble *add(GPtrArray *list, enum trouble_code code, const char *about,
			   const char *words)
{
	struct trouble *t = trouble_new(code, NULL, about, words);

	g_ptr_array_add(list, t);
	return t;
}

/* A length that has gone beyond @limit has a beginning: @late before now. */
static void add_late(GPtrArray *list, const struct health_facts *f, enum trouble_code code,
		     dur_t late, dur_t limit)
{
	struct trouble *t;

	if (late < MAX(limit, 1))
		return;
	t = add(list, code, f->database, NULL);
	t->since = f->now - late;
	t->amount = late;
}

static void judge_disk(GPtrArray *list, const struct health_facts *f,
		       const struct health_limits *limits)
{
	struct trouble *t;
	int64_t share;

	if (!f->disk_known || f->disk_total <= 0)
		return;
	share = f->disk_free >= f->disk_total ? 100 : f->disk_free / (f->disk_total / 100 + 1);
	if (share >= limits->disk_percent && f->disk_free >= limits->disk_bytes)
		return;
	t = add(list, TROUBLE_DISK_LOW, f->database, NULL);
	t->amount = f->disk_free;
	t->share = share;
}

GPtrArray *health_judge(const struct health_facts *f, const struct health_limits *limits)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(trouble_free);
	dur_t hurry = MAX(limits->hurry, 1);
	struct trouble *t;

	add_late(list, f, TROUBLE_DATABASE_STUCK, f->database_busy, HEALTH_DATABASE_STUCK / hurry);
	if (f->failure != 0) {
		t = add(list, f->failure == -ENOSPC ? TROUBLE_DISK_FULL : TROUBLE_DATABASE_FAILED,
			f->database, f->failure_words);
		t->since = f->failure_since;
	}
	judge_disk(list, f, limits);
	if (f->log_left >= HEALTH_LOG_LARGE)
		add(list, TROUBLE_LOG_LARGE, f->database, NULL)->amount = f->log_left;
	add_late(list, f, TROUBLE_TICK_LATE, f->tick_late, HEALTH_TICK_LATE / hurry);
	add_late(list, f, TROUBLE_OUTBOX_LATE, f->outbox_late, HEALTH_OUTBOX_LATE / hurry);
	if (f->relay_down > 0 && f->relay_down >= HEALTH_RELAY_DOWN / hurry) {
		t = add(list, TROUBLE_RELAY_DOWN, f->relay, f->relay_words);
		t->since = f->now - f->relay_down;
		t->amount = f->relay_down;
	}
	if (f->clock_doubt != NULL) {
		t = add(list, TROUBLE_CLOCK, NULL, f->clock_doubt);
		t->since = f->clock_since;
	}
	return list;
}

/* ---- sentences ------------------------------------------------------------ */

static char *length_text(dur_t length, bool english)
{
	static const struct {
		dur_t unit;
		const char *zh, *en;
	} units[] = {{DAY, "天", "days"},
		     {HOUR, "小时", "hours"},
		     {MINUTE, "分钟", "minutes"},
		     {SECOND, "秒", "seconds"}};
	size_t i = 0;

	/* Two of a unit at least: one day would be anything up to two. */
	while (i + 1 < G_N_ELEMENTS(units) && length < 2 * units[i].unit)
		i++;
	return g_strdup_printf("%" G_GINT64_FORMAT " %s", length / units[i].unit,
			       english ? units[i].en : units[i].zh);
}

static char *size_text(int64_t bytes)
{
	if (bytes >= 10ll << 30)
		return g_strdup_printf("%" G_GINT64_FORMAT " GB", bytes >> 30);
	return g_strdup_printf("%" G_GINT64_FORMAT " MB", bytes >> 20);
}

/* What stands for {@name}; caller frees. */
static char *value_of(const struct trouble *t, const char *name, size_t n, bool english)
{
	const struct {
		const char *name, *value;
	} texts[] = {{"about", t->about}, {"words", t->words}, {"campaign", t->campaign}};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
		if (strlen(texts[i].name) == n && strncmp(texts[i].name, name, n) == 0)
			return g_strdup(texts[i].value == NULL ? "-" : texts[i].value);
	if (strncmp("length", name, n) == 0)
		return length_text(t->amount, english);
	if (strncmp("size", name, n) == 0)
		return size_text(t->amount);
	return g_strdup_printf("%" G_GINT64_FORMAT,
			       strncmp("share", name, n) == 0 ? t->share : t->amount);
}

char *trouble_text(const struct trouble *t, bool english)
{
	GString *to = g_string_new(NULL);
	const char *from, *open;

	must(t->code < TROUBLES);
	from = english ? codes[t->code].text_en : codes[t->code].text;
	while ((open = strchr(from, '{')) != NULL) {
		size_t n = strcspn(open, "}") - 1;
		g_autofree char *value = value_of(t, open + 1, n, english);

		g_string_append_len(to, from, open - from);
		g_string_append(to, value);
		from = open + n + 2;
	}
	g_string_append(to, from);
	return g_string_free(to, FALSE);
}

/* What its end leaves to do. */
static const char *left_to_do(enum trouble_code code, bool english)
{
	switch (code) {
	case TROUBLE_DATABASE_STUCK:
	case TROUBLE_DISK_FULL:
	case TROUBLE_DATABASE_FAILED:
		return english ? ". What was refused meanwhile has to be entered again"
			       : "。其间答复“未登记”的报送和决定，请重新登记";
	case TROUBLE_RELAY_DOWN:
		return english ? ". Mail of that time is being sent now" : "。其间的邮件正在补发";
	case TROUBLE_DISK_LOW:
	case TROUBLE_LOG_LARGE:
	case TROUBLE_TICK_LATE:
	case TROUBLE_OUTBOX_LATE:
	case TROUBLE_CLOCK:
	case TROUBLE_FILES:
	case TROUBLE_SOURCE:
	case TROUBLES:
		break;
	}
	return "";
}

char *trouble_over_text(enum trouble_code code, const char *since, const char *ended, bool english)
{
	return g_strdup_printf(english ? "Over: %s (%s to %s)%s" : "已恢复：%s（%s 至 %s）%s",
			       trouble_title(code, english), since, ended,
			       left_to_do(code, english));
}

/* ---- telling people --------------------------------------------------------- */

enum health_word health_say(enum trouble_code code, const struct health_account *a, mono_t now,
			    int hurry)
{
	dur_t lasted = (a->present ? now : a->gone) - a->begun;

	must(code < TROUBLES && hurry >= 1);
	if (a->present) {
		bool long_enough =
			codes[code].during != WALL_NEVER && lasted >= codes[code].during / hurry;

		return long_enough && !a->told && now >= a->quiet ? HEALTH_SAY_BEGUN
								  : HEALTH_SAY_NOTHING;
	}
	if (now - a->gone < HEALTH_OVER_AFTER / hurry)
		return HEALTH_SAY_NOTHING; /* it may come back */
	if (a->told)
		return HEALTH_SAY_OVER;
	if (codes[code].after != WALL_NEVER && lasted > 0 && now >= a->quiet &&
	    lasted >= codes[code].after / hurry)
		return HEALTH_SAY_OVER;
	return now >= a->quiet ? HEALTH_FORGET : HEALTH_SAY_NOTHING;
}

void health_said(struct health_account *a, enum health_word word, mono_t now, int hurry)
{
	a->told = word == HEALTH_SAY_BEGUN;
	if (word != HEALTH_SAY_OVER)
		return;
	if (!a->present)
		a->begun = a->gone; /* its end is not told twice */
	a->quiet = now + HEALTH_TELL_AGAIN / hurry;
}
