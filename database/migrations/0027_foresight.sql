-- Which series are computed here: the inflow of one reservoir is measured, that of another is not.
alter table sensor add column derived boolean not null default false;
update sensor n set derived = true
  from series q join station s on s.id = q.station_id
 where q.id = n.series_id
   and ((q.metric = 'storage_m3' and exists (select from curve c where c.station_id = s.id))
        or (q.metric = 'aqi' and s.kind = 'air'));
