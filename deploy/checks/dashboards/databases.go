package dashboards

// databases shows pools and transactions of each schema, and the store of files.
func databases() *builder {
	b := start("databases", "Databases and files", "Connections, waiting and transactions of each schema; the store of evidence files and the keeper of issuers' keys.")
	b.section("Connections")
	b.lines(text{"In use", "Connections that a transaction or query holds, as a share of what the process may open.", "percentunit", "TandemDatabasePoolExhausted"},
		q("{{schema}} {{instance}}", `tandem_db_connections{namespace=~"$namespace", state="in_use"} / on (namespace, job, instance, schema) tandem_db_connections_max{namespace=~"$namespace"}`))
	b.lines(text{"Open", "All open connections of all processes, by schema. PostgreSQL's max_connections must hold their sum.", "short", "TandemDatabasePoolExhausted"},
		q("{{schema}} {{state}}", `sum by (schema, state) (tandem_db_connections{namespace=~"$namespace"})`),
		q("{{schema}} at most", `sum by (schema) (tandem_db_connections_max{namespace=~"$namespace"})`))
	b.lines(text{"Waiting", "Seconds waited per second: how many calls wait for a connection at any moment.", "short", "TandemDatabasePoolExhausted"},
		q("{{schema}} {{instance}}", `rate(tandem_db_wait_seconds_total{namespace=~"$namespace"}[$__rate_interval])`))
	b.lines(text{"How often somebody waited", "Waits a second for a free connection.", "ops", "TandemDatabasePoolExhausted"},
		q("{{schema}}", `sum by (schema) (rate(tandem_db_waits_total{namespace=~"$namespace"}[$__rate_interval]))`))
	b.section("Transactions that write")
	b.lines(text{"Transactions", "Transactions a second.", "ops", ""},
		q("{{schema}}", `sum by (schema) (rate(tandem_db_transaction_duration_seconds_count{namespace=~"$namespace"}[$__rate_interval]))`))
	b.lines(text{"Duration", "95 % of the transactions, from begin to end, with all attempts. Points lead to traces.", "s", "TandemTransactionRetries"},
		traced("{{schema}}", quantile("0.95", `tandem_db_transaction_duration_seconds_bucket{namespace=~"$namespace"}`, "schema")))
	b.lines(text{"Begun again", "Attempts a second that ran again: the database was busy, or found no order for two of them.", "ops", "TandemTransactionRetries"},
		q("{{schema}}", `sum by (schema) (rate(tandem_db_transaction_retries_total{namespace=~"$namespace"}[$__rate_interval]))`))
	b.lines(text{"Share begun again", "Attempts that ran again for each transaction.", "percentunit", "TandemTransactionRetries"},
		q("{{schema}}", `sum by (schema) (rate(tandem_db_transaction_retries_total{namespace=~"$namespace"}[$__rate_interval])) / sum by (schema) (rate(tandem_db_transaction_duration_seconds_count{namespace=~"$namespace"}[$__rate_interval]))`))
	b.section("Files and keys")
	b.lines(text{"Store of files: duration", "95 % of the calls to the store, by method.", "ms", "TandemDependencyDown"},
		q("{{gocdk_method}}", quantile("0.95", `gocloud_dev_blob_latency_milliseconds_bucket{namespace=~"$namespace"}`, "gocdk_method")))
	b.lines(text{"Store of files: failed calls", "Calls a second that did not end well. NotFound is an answer.", "ops", "TandemDependencyDown"},
		q("{{gocdk_method}} {{gocdk_status}}", `sum by (gocdk_method, gocdk_status) (rate(gocloud_dev_blob_latency_milliseconds_count{namespace=~"$namespace", gocdk_status!~"OK|NotFound"}[$__rate_interval]))`))
	b.lines(text{"Store of files: bytes", "Bytes a second read and written.", "Bps", ""},
		q("read", `sum(rate(gocloud_dev_blob_bytes_read_total{namespace=~"$namespace"}[$__rate_interval]))`),
		q("written", `sum(rate(gocloud_dev_blob_bytes_written_total{namespace=~"$namespace"}[$__rate_interval]))`))
	b.lines(text{"Keeper of keys", "95 % of the calls that encrypt or decrypt a key of an issuer.", "ms", ""},
		q("{{gocdk_method}} {{gocdk_status}}", quantile("0.95", `gocloud_dev_secrets_latency_milliseconds_bucket{namespace=~"$namespace"}`, "gocdk_method", "gocdk_status")))
	return b
}
