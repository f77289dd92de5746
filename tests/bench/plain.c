/*
 * plain.c - the floor of planning: plain FROM.db TO.db copies the notices and messages of a
 * campaign into tables without any index, one transaction, prepared statements, the same
 * durability. Reading is not timed. Prints the seconds.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROWS_MAX 4000000
#define COLUMNS_MAX 16

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void run(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
		fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
		exit(1);
	}
}

/* The rows of one table as integers (texts are NULL in what is planned). */
static sqlite3_int64 *rows_of(sqlite3 *db, const char *table, int *n, int *columns)
{
	char sql[100];
	sqlite3_stmt *q;
	sqlite3_int64 *all = malloc(sizeof(*all) * ROWS_MAX);

	*n = 0;
	snprintf(sql, sizeof(sql), "SELECT * FROM %s", table);
	if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) != SQLITE_OK)
		exit(1);
	*columns = sqlite3_column_count(q);
	while (sqlite3_step(q) == SQLITE_ROW && (*n + 1) * *columns < ROWS_MAX) {
		for (int i = 0; i < *columns; i++)
			all[*n * *columns + i] = sqlite3_column_int64(q, i);
		(*n)++;
	}
	sqlite3_finalize(q);
	return all;
}

static void insert(sqlite3 *db, const char *table, const sqlite3_int64 *all, int n, int columns)
{
	char sql[300];
	int used = snprintf(sql, sizeof(sql), "INSERT INTO %s VALUES(?", table);
	sqlite3_stmt *q;

	for (int i = 1; i < columns; i++)
		used += snprintf(sql + used, sizeof(sql) - (size_t)used, ",?");
	snprintf(sql + used, sizeof(sql) - (size_t)used, ")");
	if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) != SQLITE_OK)
		exit(1);
	for (int r = 0; r < n; r++) {
		for (int i = 0; i < columns; i++)
			sqlite3_bind_int64(q, i + 1, all[r * columns + i]);
		sqlite3_step(q);
		sqlite3_reset(q);
	}
	sqlite3_finalize(q);
}

static void create(sqlite3 *db, const char *table, int columns)
{
	char sql[300];
	int used = snprintf(sql, sizeof(sql), "CREATE TABLE %s(c0", table);

	for (int i = 1; i < columns && i < COLUMNS_MAX; i++)
		used += snprintf(sql + used, sizeof(sql) - (size_t)used, ",c%d", i);
	snprintf(sql + used, sizeof(sql) - (size_t)used, ")");
	run(db, sql);
}

int main(int argc, char **argv)
{
	static const char *const tables[] = {"notice", "message", "address"};
	sqlite3_int64 *all[3];
	int n[3], columns[3];
	sqlite3 *from, *to;
	double start;

	if (argc != 3 || sqlite3_open(argv[1], &from) != SQLITE_OK ||
	    sqlite3_open(argv[2], &to) != SQLITE_OK)
		return 1;
	run(to, "PRAGMA journal_mode=WAL");
	run(to, "PRAGMA synchronous=FULL");
	for (int t = 0; t < 3; t++) {
		all[t] = rows_of(from, tables[t], &n[t], &columns[t]);
		create(to, tables[t], columns[t]);
	}
	start = now();
	run(to, "BEGIN");
	for (int t = 0; t < 3; t++)
		insert(to, tables[t], all[t], n[t], columns[t]);
	run(to, "COMMIT");
	printf("%.6f %d\n", now() - start, n[0]);
	return 0;
}
