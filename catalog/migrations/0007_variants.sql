-- Renditions asked for by their address. A place is given out before anything is made, so that two versions of one
-- file can never lie under one alternate key; `file` is there once it is stored.
create table variants (
  media_id media_id not null references media,
  version integer not null,
  name text not null,
  place integer not null,
  file json,
  reserved_at timestamptz not null default now(),
  primary key (media_id, version, name),
  unique (media_id, version, place)
);
