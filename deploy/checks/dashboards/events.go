package dashboards

// events follows an event from the outbox over the bus to who applies it.
func events() *builder {
	b := start("events", "Events", "Events from the transaction that wrote them, over the bus, to every service that applies them; who does the work that is for one.")
	b.section("Now")
	b.number(text{"Oldest unsent event", "How long it waits. Some seconds are normal.", "s", "TandemOutboxStuck"},
		q("{{schema}}", `max(tandem_outbox_age_seconds{namespace=~"$namespace"})`), at(30, "orange"), at(120, "red"))
	b.number(text{"Unsent events", "Committed, and not on the bus yet.", "short", "TandemOutboxStuck"},
		q("", `sum(tandem_outbox_waiting{namespace=~"$namespace"})`), at(1000, "orange"))
	b.number(text{"Events not applied", "On the bus, and not yet applied by a service that needs them.", "short", "TandemConsumerLag"},
		q("", `sum(tandem_inbox_lag{namespace=~"$namespace"})`), at(500, "orange"), at(1000, "red"))
	b.number(text{"Dead letters", "Events that a service gave up on. `tandem events dead` lists them.", "short", "TandemDeadLetters"},
		q("", `sum(tandem_dead_letters{namespace=~"$namespace"})`), at(1, "red"))
	b.section("Outbox: from the database to the bus")
	b.lines(text{"Age of the oldest unsent event", "By the service whose event it is.", "s", "TandemOutboxStuck"},
		q("{{schema}}", `max by (schema) (tandem_outbox_age_seconds{namespace=~"$namespace"})`))
	b.lines(text{"Unsent events", "By the service whose events they are.", "short", "TandemOutboxStuck"},
		q("{{schema}}", `max by (schema) (tandem_outbox_waiting{namespace=~"$namespace"})`))
	b.lines(text{"Sent", "Events a second that the bus has stored.", "ops", ""},
		q("{{schema}}", `sum by (schema) (rate(tandem_events_published_total{namespace=~"$namespace"}[$__rate_interval]))`))
	b.section("Inbox: from the bus to who needs it")
	b.lines(text{"Not yet applied", "Events in the stream of a service that another has not handled.", "short", "TandemConsumerLag"},
		q("{{consumer}} of {{source}}", `max by (consumer, source) (tandem_inbox_lag{namespace=~"$namespace"})`))
	b.lines(text{"Applied", "Deliveries a second by result. `again` was applied before and is passed over; `failed` is tried again; `dead` is given up.", "ops", "TandemDeadLetters"},
		q("{{consumer}} {{result}}", `sum by (consumer, result) (rate(tandem_inbox_applied_total{namespace=~"$namespace"}[$__rate_interval]))`))
	b.lines(text{"Time to apply one", "95 % of the events, transaction included. Points lead to traces.", "s", "TandemConsumerLag"},
		traced("{{consumer}}", quantile("0.95", `tandem_inbox_apply_duration_seconds_bucket{namespace=~"$namespace"}`, "consumer")))
	b.lines(text{"Dead letters", "Events that wait for somebody, by who could not apply them.", "short", "TandemDeadLetters"},
		q("{{consumer}}", `max by (consumer) (tandem_dead_letters{namespace=~"$namespace"})`))
	b.section("Work that is for one")
	b.lines(text{"Holders of each lease", "1 at any time. It is 0 for moments while a lease moves to another process.", "short", "TandemNoRelay"},
		q("{{schema}} {{lease}}", `sum by (schema, lease) (tandem_lease_held{namespace=~"$namespace"})`))
	b.table(text{"Who holds what", "The processes that do the work now.", "short", "TandemTwoRelays"},
		`tandem_lease_held{namespace=~"$namespace"} == 1`, "Value", "__name__")
	b.section("To the outside")
	b.lines(text{"Webhooks", "Tries a second by result. `again` will be tried again; `failed` is given up.", "ops", "TandemWebhooksFail"},
		q("{{result}}", `sum by (result) (rate(tandem_webhook_deliveries_total{namespace=~"$namespace"}[$__rate_interval]))`))
	b.lines(text{"Mails", "Mails of surveys a second by result.", "ops", "TandemMailsFail"},
		q("{{result}}", `sum by (result) (rate(tandem_mails_total{namespace=~"$namespace"}[$__rate_interval]))`))
	return b
}
