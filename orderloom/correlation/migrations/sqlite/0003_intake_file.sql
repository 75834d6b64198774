-- Files from drop folders: one row each with its checkpoint, and what was judged of it in pieces, one a chunk.
create table intake_file (
    id text primary key,
    channel text not null,
    endpoint text not null,
    name text not null,
    size integer not null,
    at text not null,
    changed text not null,
    state text not null,
    hash text not null,
    envelope text not null,
    records integer not null,
    position integer not null,
    accepted integer not null,
    repeated integer not null,
    rejected integer not null,
    waiting integer not null,
    worker text not null,
    lease text,
    answer_name text not null,
    numbers text not null,
    answered_at text,
    rules text not null,
    code text not null,
    same_as text not null
) strict;
-- The text of the condition is repeated in the query: only then SQLite uses the index.
create index intake_file_open on intake_file (at, id) where state not in ('done', 'refused');
create index intake_file_held on intake_file (lease) where lease is not null;
create index intake_file_by_hash on intake_file (endpoint, hash);

create table intake_piece (
    file text not null references intake_file (id) on delete cascade,
    number integer not null,
    body blob not null,
    primary key (file, number)
) strict;
