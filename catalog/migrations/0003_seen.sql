-- When a reconciler last asked whether the item's workflow still runs.
alter table media add column seen_at timestamptz;

create index media_unsettled on media (coalesce(seen_at, started_at)) where state in ('processing', 'playable') and started_at is not null;
