-- Files from drop folders: one row each with its checkpoint, and what was judged of it in pieces, one a chunk.
create table intake_file (
    id text collate "C" primary key,
    channel text not null,
    endpoint text not null,
    name text not null,
    size bigint not null,
    at timestamptz not null,
    changed timestamptz not null,
    state text not null,
    hash text not null,
    envelope text not null,
    records bigint not null,
    position bigint not null,
    accepted bigint not null,
    repeated bigint not null,
    rejected bigint not null,
    waiting bigint not null,
    worker text collate "C" not null,
    lease timestamptz,
    answer_name text not null,
    numbers text not null,
    answered_at timestamptz,
    rules text not null,
    code text not null,
    same_as text not null
);
create index intake_file_open on intake_file (at, id) where state not in ('done', 'refused');
create index intake_file_held on intake_file (lease) where lease is not null;
create index intake_file_by_hash on intake_file (endpoint, hash);

create table intake_piece (
    file text collate "C" not null references intake_file (id) on delete cascade,
    number bigint not null,
    body bytea not null,
    primary key (file, number)
);
