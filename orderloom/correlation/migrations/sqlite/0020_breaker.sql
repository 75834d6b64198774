-- Systems whose calls fail.  A row is there from the first failure until a call gets through.
create table breaker (
    system text primary key,
    failures integer not null,
    since text not null,
    at text not null,
    code text not null,
    reason text not null,
    next_probe text not null,
    opened text,
    probe text not null
) strict, without rowid;
