-- Systems whose calls fail.  A row is there from the first failure until a call gets through.
create table breaker (
    system text collate "C" primary key,
    failures bigint not null,
    since timestamptz not null,
    at timestamptz not null,
    code text not null,
    reason text not null,
    next_probe timestamptz not null,
    opened timestamptz,
    probe text not null
);
