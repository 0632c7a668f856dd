-- What was usual: each public series on the days before, at this time of day, and in earlier years around this day.
-- year 0: day 0 to 30 before the last closed hour; 1 to 5: 31 days around the same date so many years ago.
-- A day is three hours about this one; of rain the 24 hours that end with it (day 0: the last 24 hours).
-- Times count back from what may be seen of a series, so that nothing within its delay is in any sum.

create view city.past_day with (security_barrier) as
select p.station, p.metric, y.year, v.day, v.sum, v.count
  from (select s.*, s.metric = 'rain_mm' as summed,
               date_trunc('hour', now() - make_interval(secs => s.public_delay_s), 'UTC') as hour
          from city.series s) p
 cross join generate_series(0, 5) as y (year)
 cross join lateral (select p.hour - make_interval(years => y.year)
                          + make_interval(days => case when y.year > 0 then 15 else 0 end,
                                          hours => case when p.summed then 0 else 2 end) as ends,
                            case when p.summed then 24 else 3 end as span,
                            (y.year = 0 and not p.summed)::int as first) e
 cross join lateral (
       select b.back / 24 as day, sum(b.sum) as sum, sum(b.count)::bigint as count
         from (select r.sum, r.count, (extract(epoch from e.ends - r.bucket) / 3600)::int - 1 as back
                 from dongtai.reading_1h r
                where r.series_id = p.series_id
                  and r.bucket < e.ends - make_interval(days => e.first)
                  and r.bucket >= e.ends - make_interval(days => 30, hours => e.span) offset 0) b
        where b.back % 24 < e.span
        group by 1) v
 where v.count > 0;

grant select on city.past_day to staff, public_reader;
