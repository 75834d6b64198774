-- One customer's business across channels.  Parties by ids that do not tell their aliases, tokens by their hash.
create table conversation (
    id text collate "C" primary key,
    party text collate "C" not null,
    endpoint text not null,
    at timestamptz not null
);
create index conversation_by_party on conversation (party, at) where party <> '';

-- The text of the condition is repeated in the query: only then the index is used.
create index orders_by_conversation on orders (conversation_id, created, id) where conversation_id <> '';

create table token (
    hash text collate "C" primary key,
    conversation text not null,
    order_id text not null,
    endpoint text not null,
    at timestamptz not null,
    expires timestamptz not null,
    used_by text not null,
    used_at timestamptz
);
create index token_by_age on token (expires);

create table draft (
    order_id text collate "C" not null,
    version bigint not null,
    endpoint text not null,
    at timestamptz not null,
    content text not null,
    native text not null,
    primary key (order_id, version)
);

create table draft_seen (
    order_id text collate "C" not null,
    endpoint text collate "C" not null,
    version bigint not null,
    primary key (order_id, endpoint)
);

-- Only of parties with several aliases: one that is known by a single alias is that alias.
create table party_alias (
    id text collate "C" primary key,
    party text collate "C" not null,
    type text not null,
    at timestamptz not null
);
create index party_alias_by_party on party_alias (party);

create table interaction (
    id text collate "C" primary key,
    party text collate "C" not null,
    kind text not null,
    channel text not null,
    endpoint text not null,
    at timestamptz not null,
    text text not null,
    native text not null
);
create index interaction_by_party on interaction (party, at);

create table recommendation (
    id text collate "C" primary key,
    party text collate "C" not null,
    rule text not null,
    order_id text not null,
    channels text not null,
    state text not null,
    at timestamptz not null,
    valid_until timestamptz not null,
    doc text not null
);
create index recommendation_by_party on recommendation (party, at);
