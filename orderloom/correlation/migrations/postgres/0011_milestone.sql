-- How far a line has come: its points of no return are decided by it, whatever was said of it since.
alter table line add column milestone text not null default '';
