-- A lease that is null is kept by nobody: a volume of a release that knew none is never taken over by itself.
alter table volumes drop constraint volumes_state_check;
alter table volumes add constraint volumes_state_check check (state in ('open', 'sealed', 'merged', 'retired'));
alter table volumes
  add column lease_until timestamptz,
  add column revoked boolean not null default false,
  add column generation integer not null default 0,
  add column generation_last integer not null default 0,
  add column keys_erased integer not null default 0,
  add column erased_since timestamptz;

create index placements_of_volume on placements (volume);

-- Objects that no longer count, or do not count yet: one row a generation, 0 being the packs. What is claimed may be
-- half deleted, so it can never count again.
create table volume_garbage (
  id integer generated always as identity primary key,
  volume integer not null references volumes,
  generation integer not null,
  due_at timestamptz not null,
  claimed_at timestamptz,
  collected_at timestamptz,
  unique (volume, generation)
);

create index volume_garbage_due on volume_garbage (due_at) where collected_at is null;
