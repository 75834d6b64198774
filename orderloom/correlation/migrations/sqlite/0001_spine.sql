-- The spine's tables.  Instants are text, '2026-11-21T20:17:00.123456Z': legible, exact, and in order as text.
-- JSON is text, so that json_extract works on it.  Empty text means "none" wherever the port says so.

-- The document and the plan are the truth for what they hold; the other columns repeat them for queries.
create table orders (
    id text primary key,
    state text not null,
    cause text,
    version integer not null,
    channel text not null,
    endpoint text not null,
    conversation_id text not null,
    rules_version text not null,
    created text not null,
    changed text not null,
    requested text,
    expected text,
    done integer not null,
    total integer not null,
    doc text not null,
    plan text not null,
    outputs text not null
) strict;
create index orders_by_state on orders (state);
-- The text of the condition is repeated in the query: only then SQLite uses the index.
create index orders_open on orders (changed)
    where state not in ('completed', 'partial', 'failed', 'rejected', 'cancelled');

-- For reports and for people; the truth is orders.doc.
create table item (
    order_id text not null references orders (id) on delete cascade,
    position integer not null,
    id text not null,
    parent text not null,
    action text not null,
    offering text not null,
    name text not null,
    category text not null,
    quantity integer not null,
    state text,
    cause text,
    line_ref text not null,
    choice_group text not null,
    primary key (order_id, position)
) strict, without rowid;

-- For reports and for people; the truth is orders.plan.
create table part (
    order_id text not null references orders (id) on delete cascade,
    position integer not null,
    name text not null,
    number integer not null,
    system text not null,
    items text not null,
    after text not null,
    due text not null,
    optional integer not null,
    is_check integer not null,
    route text not null,
    clause text not null,
    why text not null,
    primary key (order_id, position)
) strict, without rowid;

create table line (
    order_id text not null references orders (id) on delete cascade,
    position integer not null,
    part text not null,
    item text not null,
    number integer not null,
    state text not null,
    since text not null,
    revision integer not null,
    sent integer not null,
    cause text,
    word text not null,
    code text not null,
    reason text not null,
    quantity integer,
    primary key (order_id, position)
) strict, without rowid;

create table instruction (
    order_id text not null references orders (id) on delete cascade,
    position integer not null,
    key text not null,
    part text not null,
    system text not null,
    verb text not null,
    reference text not null,
    sent_at text not null,
    revision integer not null,
    attempt integer not null,
    native text not null,
    received integer not null,
    answered_at text,
    asked integer not null,
    numbers text not null,
    primary key (order_id, position)
) strict, without rowid;
create index instruction_unanswered on instruction (sent_at) where answered_at is null;

create table told (
    order_id text not null references orders (id) on delete cascade,
    position integer not null,
    endpoint text not null,
    kind text not null,
    version integer not null,
    at text not null,
    state text not null,
    native text not null,
    primary key (order_id, position)
) strict, without rowid;

create table alias (
    order_id text not null references orders (id) on delete cascade,
    position integer not null,
    owner text not null,
    type text not null,
    value text not null,
    part text not null,
    primary key (order_id, position)
) strict, without rowid;
create index alias_by_value on alias (value);

-- Which order an alias key ('owner|type|value') leads to: the one that had it first.
create table alias_key (
    key text primary key,
    order_id text not null references orders (id) on delete cascade
) strict, without rowid;

create table inbox (
    key text primary key,
    hash text not null,
    ref text not null,
    at text not null,
    whole integer not null,
    answered_at text
) strict, without rowid;

create table native (
    hash text primary key,
    body blob not null,
    content_type text not null,
    at text not null
) strict;

create table intake (
    id text primary key,
    channel text not null,
    endpoint text not null,
    envelope text not null,
    queue text not null,
    native text not null,
    verdicts text not null,
    at text not null,
    ack text not null
) strict;

-- Autoincrement: a seq is never used twice, although rows that were sent are deleted.
create table outbox (
    seq integer primary key autoincrement,
    owner text not null,
    order_id text not null,
    destination text not null,
    exchange text not null,
    routing_key text not null,
    properties text not null,
    mandatory integer not null,
    at text not null,
    body blob,
    native text references native (hash),
    check ((body is null) <> (native is null))
) strict;
create index outbox_by_owner on outbox (owner, seq);
create index outbox_by_native on outbox (native) where native is not null;

create table reply (
    id text primary key,
    alias text not null,
    system text not null,
    reply text not null,
    native text not null,
    at text not null
) strict;
create index reply_by_alias on reply (alias, at);

create table journal (
    id integer primary key autoincrement,
    order_id text not null,
    at text not null,
    event text not null,
    text text not null,
    data text not null,
    actor text not null
) strict;
create index journal_by_order on journal (order_id, id);
create trigger journal_never_changes before update on journal
begin
    select raise(abort, 'the journal is only ever added to');
end;

create table timer (
    key text primary key,
    due text not null,
    kind text not null,
    order_id text not null,
    data text not null
) strict, without rowid;
create index timer_by_due on timer (due, key);

create table parked (
    id text primary key,
    queue text not null,
    code text not null,
    fault text not null,
    native text not null,
    content_type text not null,
    properties text not null,
    at text not null,
    times integer not null,
    order_id text not null,
    state text not null,
    closed_at text,
    actor text not null,
    why text not null
) strict;
create index parked_by_state on parked (state, at);

create table attempt (
    key text primary key,
    started integer not null,
    at text not null
) strict, without rowid;

create table claim (
    key text primary key,
    order_id text not null,
    attempt integer not null,
    worker text not null,
    lease text not null
) strict, without rowid;

create table counter (
    name text primary key,
    value integer not null
) strict, without rowid;

create table worker (
    id text primary key,
    host text not null,
    pid integer not null,
    since text not null,
    lease text not null
) strict, without rowid;

create table rules (
    version text primary key,
    texts text not null,
    at text not null
) strict;

create table setting (
    name text primary key,
    value text not null
) strict, without rowid;
