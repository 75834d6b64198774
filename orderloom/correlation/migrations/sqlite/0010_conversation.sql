-- One customer's business across channels.  Parties by ids that do not tell their aliases, tokens by their hash.
create table conversation (
    id text primary key,
    party text not null,
    endpoint text not null,
    at text not null
) strict, without rowid;
create index conversation_by_party on conversation (party, at) where party <> '';

-- The text of the condition is repeated in the query: only then SQLite uses the index.
create index orders_by_conversation on orders (conversation_id, created, id) where conversation_id <> '';

create table token (
    hash text primary key,
    conversation text not null,
    order_id text not null,
    endpoint text not null,
    at text not null,
    expires text not null,
    used_by text not null,
    used_at text
) strict, without rowid;
create index token_by_age on token (expires);

create table draft (
    order_id text not null references orders (id) on delete cascade,
    version integer not null,
    endpoint text not null,
    at text not null,
    content text not null,
    native text not null,
    primary key (order_id, version)
) strict, without rowid;

create table draft_seen (
    order_id text not null references orders (id) on delete cascade,
    endpoint text not null,
    version integer not null,
    primary key (order_id, endpoint)
) strict, without rowid;

-- Only of parties with several aliases: one that is known by a single alias is that alias.
create table party_alias (
    id text primary key,
    party text not null,
    type text not null,
    at text not null
) strict, without rowid;
create index party_alias_by_party on party_alias (party);

create table interaction (
    id text primary key,
    party text not null,
    kind text not null,
    channel text not null,
    endpoint text not null,
    at text not null,
    text text not null,
    native text not null
) strict, without rowid;
create index interaction_by_party on interaction (party, at);

create table recommendation (
    id text primary key,
    party text not null,
    rule text not null,
    order_id text not null,
    channels text not null,
    state text not null,
    at text not null,
    valid_until text not null,
    doc text not null
) strict, without rowid;
create index recommendation_by_party on recommendation (party, at);
