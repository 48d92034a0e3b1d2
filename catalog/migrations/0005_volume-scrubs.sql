-- The last word on each volume by those who read every byte of it.
create table volume_scrubs (
  volume integer primary key references volumes,
  scrubbed_at timestamptz not null default now(),
  report json not null
);
