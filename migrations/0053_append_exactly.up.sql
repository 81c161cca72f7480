-- min-program: 0029
drop function append_to_stream(integer, integer, integer, integer, text, bigint, boolean, bigint[], integer[],
  integer[], bigint[], integer[], boolean[], text[], bytea);

-- `exactly`: nothing is added but behind the very end. Of a batch that was sent twice, because a connection broke before its
-- answer came, the other one is refused, whenever it arrives.
create function append_to_stream(
  a_project integer, a_spider integer, a_job integer, a_attempt integer, a_stream text, a_first bigint, exactly boolean,
  offsets bigint[], counts integer[], raws integer[], crcs bigint[], lengths integer[], deflations boolean[],
  statistics text[], body bytea
) returns table (first_no bigint, arrived bigint, bytes_in_tail bigint, pieces_in_tail integer) language plpgsql as $$
declare
  h stream_heads;
  start bigint;
  ts bigint;
  pieces integer := cardinality(counts);
begin
  loop
    select * into h from stream_heads s
    where s.project_id = a_project and s.spider = a_spider and s.job = a_job and s.attempt = a_attempt
      and s.stream = a_stream and not s.aside
    for update;
    exit when found;
    insert into stream_heads (project_id, spider, job, attempt, stream)
    values (a_project, a_spider, a_job, a_attempt, a_stream) on conflict do nothing;
  end loop;
  start := coalesce(a_first, h.end_no);
  if start < h.end_no or exactly and start > h.end_no then return; end if;
  ts := greatest(floor(extract(epoch from clock_timestamp()) * 1000)::bigint, h.last_ts + 1);
  insert into stream_chunks (head_id, first, count, raw, crc, deflated, arrivals, stats, bytes)
  select h.id, start + p.at, p.count, p.raw, p.crc, p.deflated, format('[[%s,%s]]', start + p.at, ts), p.stats,
    substring(body from (p.upto - p.length + 1)::integer for p.length)
  from (
    select u.*, sum(u.length) over (order by u.at) as upto
    from unnest(offsets, counts, raws, crcs, lengths, deflations, statistics)
      as u (at, count, raw, crc, length, deflated, stats)
  ) p;
  update stream_heads s set
    end_no = start + offsets[pieces] + counts[pieces],
    last_ts = ts,
    tail_bytes = s.tail_bytes + octet_length(body),
    tail_pieces = s.tail_pieces + pieces,
    state = 'open', ready_at = null
  where s.id = h.id
  returning s.tail_bytes, s.tail_pieces into bytes_in_tail, pieces_in_tail;
  first_no := start;
  arrived := ts;
  return next;
end $$;
