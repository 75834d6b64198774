-- What changes an order under way: amendments, cancels, and the steps of those that are not settled.
alter table instruction add column items text not null default '[]';
alter table instruction add column undoes text not null default '';
alter table instruction add column lines text not null default '[]';
alter table told add column about text not null default '';

-- doc is the truth; the other columns repeat it for queries.
create table change (
    order_id text not null references orders (id) on delete cascade,
    position integer not null,
    kind text not null,
    ref text not null,
    state text not null,
    endpoint text not null,
    at text,
    doc text not null,
    primary key (order_id, position)
) strict, without rowid;
