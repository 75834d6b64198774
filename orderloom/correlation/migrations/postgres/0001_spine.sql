-- The spine's tables on PostgreSQL.  Texts that are keys or are sorted by have collation "C": the order of their
-- bytes, which is the order in which the hub sorts keys before it locks them, whatever the database's language is.
-- JSON is text, so that it comes back byte for byte (cast it to jsonb to query it).  Empty text means "none" wherever
-- the port says so.
--
-- What hangs on an order has no foreign key to it: whoever writes it holds the order's row, and a check of each row
-- took half the time of an acceptance.  Whoever removes an order removes what hangs on it first.

-- The document and the plan are the truth for what they hold; the other columns repeat them for queries.
create table orders (
    id text collate "C" primary key,
    state text collate "C" not null,
    cause text,
    version bigint not null,
    channel text not null,
    endpoint text not null,
    conversation_id text not null,
    rules_version text not null,
    created timestamptz not null,
    changed timestamptz not null,
    requested timestamptz,
    expected timestamptz,
    done bigint not null,
    total bigint not null,
    doc text not null,
    plan text not null,
    outputs text not null
) with (fillfactor = 85);
create index orders_by_state on orders (state);
-- The text of the condition is repeated in the query: only then the index is used.
create index orders_open on orders (changed)
    where state not in ('completed', 'partial', 'failed', 'rejected', 'cancelled');

-- For reports and for people; the truth is orders.doc.
create table item (
    order_id text collate "C" not null,
    position bigint not null,
    id text not null,
    parent text not null,
    action text not null,
    offering text not null,
    name text not null,
    category text not null,
    quantity bigint not null,
    state text,
    cause text,
    line_ref text not null,
    choice_group text not null,
    primary key (order_id, position)
);

-- For reports and for people; the truth is orders.plan.
create table part (
    order_id text collate "C" not null,
    position bigint not null,
    name text not null,
    number bigint not null,
    system text not null,
    items text not null,
    after text not null,
    due text not null,
    optional boolean not null,
    is_check boolean not null,
    route text not null,
    clause text not null,
    why text not null,
    primary key (order_id, position)
);

create table line (
    order_id text collate "C" not null,
    position bigint not null,
    part text not null,
    item text not null,
    number bigint not null,
    state text not null,
    since timestamptz not null,
    revision bigint not null,
    sent boolean not null,
    cause text,
    word text not null,
    code text not null,
    reason text not null,
    quantity bigint,
    primary key (order_id, position)
) with (fillfactor = 85);

create table instruction (
    order_id text collate "C" not null,
    position bigint not null,
    key text collate "C" not null,
    part text not null,
    system text collate "C" not null,
    verb text not null,
    reference text not null,
    sent_at timestamptz not null,
    revision bigint not null,
    attempt bigint not null,
    native text not null,
    received boolean not null,
    answered_at timestamptz,
    asked bigint not null,
    numbers text not null,
    primary key (order_id, position)
);
create index instruction_unanswered on instruction (sent_at) where answered_at is null;

create table told (
    order_id text collate "C" not null,
    position bigint not null,
    endpoint text not null,
    kind text not null,
    version bigint not null,
    at timestamptz not null,
    state text not null,
    native text not null,
    primary key (order_id, position)
);

create table alias (
    order_id text collate "C" not null,
    position bigint not null,
    owner text collate "C" not null,
    type text collate "C" not null,
    value text collate "C" not null,
    part text not null,
    primary key (order_id, position)
);
create index alias_by_value on alias (value);

-- Which order an alias key ('owner|type|value') leads to: the one that had it first.  A row without an order is a lock:
-- whoever asks for an unknown key enters it and takes it away again, so that the next to ask for it waits.
create table alias_key (
    key text collate "C" primary key,
    order_id text collate "C"
);
create index alias_key_by_order on alias_key (order_id);

-- As in alias_key, a row without a hash is a lock on a key that nobody has taken.
create table inbox (
    key text collate "C" primary key,
    hash text,
    ref text,
    at timestamptz,
    whole boolean,
    answered_at timestamptz
) with (fillfactor = 70);

-- Bytes are compressed by their senders or not worth it.
create table native (
    hash text collate "C" primary key,
    body bytea not null,
    content_type text not null,
    at timestamptz not null
);

create table intake (
    id text collate "C" primary key,
    channel text not null,
    endpoint text not null,
    envelope text not null,
    queue text not null,
    native text not null,
    verdicts text not null,
    at timestamptz not null,
    ack text not null
);

-- A seq is never used twice, although rows that were sent are deleted.  Seqs of one lane (order, destination) grow in
-- the order of commits, because whoever writes for an order holds its row.
create table outbox (
    seq bigint generated always as identity primary key,
    owner text collate "C" not null,
    order_id text collate "C" not null,
    destination text collate "C" not null,
    exchange text not null,
    routing_key text not null,
    properties text not null,
    mandatory boolean not null,
    at timestamptz not null,
    body bytea,
    native text collate "C",
    check ((body is null) <> (native is null))
) with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
create index outbox_by_owner on outbox (owner, seq);
create index outbox_by_lane on outbox (order_id, destination, seq);
create index outbox_by_native on outbox (native) where native is not null;

-- A message whose bytes nobody has could never be published.  Asked once a statement: a foreign key asks for each row,
-- which took a quarter of the time of writing the outbox.
create function outbox_has_its_natives() returns trigger language plpgsql as $$
declare
    missing text;
begin
    -- Nobody removes them before this transaction has ended.
    perform from native where hash in (select native from fresh) order by hash for key share;
    select native into missing from fresh
    where native is not null and not exists (select from native where hash = fresh.native) limit 1;
    if found then
        raise foreign_key_violation using message = 'no native bytes ' || missing;
    end if;
    return null;
end $$;
create trigger outbox_has_its_natives after insert on outbox referencing new table as fresh
    for each statement execute function outbox_has_its_natives();
create function unsent_natives_stay() returns trigger language plpgsql as $$
begin
    if exists (select from outbox where native in (select hash from gone)) then
        raise foreign_key_violation using message = 'native bytes of a message that is not sent yet';
    end if;
    return null;
end $$;
create trigger unsent_natives_stay after delete on native referencing old table as gone
    for each statement execute function unsent_natives_stay();

create table reply (
    id text collate "C" primary key,
    alias text collate "C" not null,
    system text not null,
    reply text not null,
    native text not null,
    at timestamptz not null
);
create index reply_by_alias on reply (alias, at);

create table journal (
    id bigint generated always as identity primary key,
    order_id text collate "C" not null,
    at timestamptz not null,
    event text not null,
    text text not null,
    data text not null,
    actor text not null
);
create index journal_by_order on journal (order_id, id);
create function journal_never_changes() returns trigger language plpgsql as $$
begin
    raise exception 'the journal is only ever added to';
end $$;
create trigger journal_never_changes before update on journal
    for each statement execute function journal_never_changes();

create table timer (
    key text collate "C" primary key,
    due timestamptz not null,
    kind text not null,
    order_id text not null,
    data text not null
) with (autovacuum_vacuum_scale_factor = 0.05);
create index timer_by_due on timer (due, key);

create table parked (
    id text collate "C" primary key,
    queue text not null,
    code text not null,
    fault text not null,
    native text not null,
    content_type text not null,
    properties text not null,
    at timestamptz not null,
    times bigint not null,
    order_id text not null,
    state text not null,
    closed_at timestamptz,
    actor text not null,
    why text not null
);
create index parked_by_state on parked (state, at);

create table attempt (
    key text collate "C" primary key,
    started bigint not null,
    at timestamptz not null
);

create table claim (
    key text collate "C" primary key,
    order_id text not null,
    attempt bigint not null,
    worker text collate "C" not null,
    lease timestamptz not null
);

create table counter (
    name text collate "C" primary key,
    value bigint not null
) with (fillfactor = 50);

create table worker (
    id text collate "C" primary key,
    host text not null,
    pid bigint not null,
    since timestamptz not null,
    lease timestamptz not null
);

create table rules (
    version text collate "C" primary key,
    texts text not null,
    at timestamptz not null
);

create table setting (
    name text collate "C" primary key,
    value text not null
);
