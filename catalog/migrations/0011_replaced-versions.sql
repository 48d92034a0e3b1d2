-- Versions of items that a later one has taken the place of. Their files go on answering for a time, and are then taken
-- away; `bytes` are those that the version is known to have, by volume.
create table replaced_versions (
  media_id media_id not null references media,
  version integer not null,
  bytes json not null default '{}',
  replaced_at timestamptz not null default now(),
  primary key (media_id, version)
);

create index replaced_versions_due on replaced_versions (replaced_at);

-- Versions that were replaced before this was kept.
insert into replaced_versions (media_id, version)
  select id, earlier from media, generate_series(1, version - 1) as earlier where state = 'ready';
