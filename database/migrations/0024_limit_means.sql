-- Over which mean a limit holds (null: each reading), and whether it bounds from above or from below. Until now the first
-- was guessed from its name. Versions that are there say neither: the configuration makes new ones where it does.
alter table limit_value
    add column mean_over_s integer check (mean_over_s > 0),
    add column side text not null default 'upper' check (side in ('upper', 'lower'));

create or replace view city.limit_value with (security_barrier) as
select p.station, p.metric, l.name, l.value, l.label_zh, l.label_en, l.source, l.season_from, l.season_to, l.mean_over_s,
       l.side
  from city.series p
  join dongtai.limit_value l on l.series_id = p.series_id and l.valid_to is null and l.public;
