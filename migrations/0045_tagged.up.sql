-- min-program: 0008
-- The log of events tells of tags, too: who shows a list of jobs sees what their consumers have done with them.
create or replace function tell_of_changed_jobs() returns trigger language plpgsql set enable_nestloop = off as $$
declare
  -- Of a change of more jobs than this the log tells that there was one, and not each.
  are_many constant boolean := (select count(*) > 1000 from (select from after limit 1001) first_ones);
begin
  insert into job_count_changes (project_id, spider, state, n)
  select c.project_id, c.spider, c.state, sum(c.n)
  from (
    select b.project_id, b.spider, counted_state(b.state, b.external) as state, -1 as n from before b
    union all
    select a.project_id, a.spider, counted_state(a.state, a.external), 1 from after a
  ) c
  group by 1, 2, 3 having sum(c.n) <> 0;

  insert into events (project_id, spider, job, type, actor, data)
  select a.project_id, a.spider, a.number, e.type, e.actor, e.data
  from after a
  join before b on b.id = a.id
  cross join lateral (
    select 1 as nth, 'job.cancelled' as type, a.cancelled_by as actor, null::text as data
    where a.cancelled_by is not null and b.cancelled_by is null
    union all
    select 2,
      case a.state when 'running' then 'job.started' when 'pending' then 'job.requeued' when 'deleted' then 'job.deleted'
        else case b.state when 'deleted' then 'job.restored' else 'job.finished' end end,
      case a.state when 'running' then a.started_by when 'deleted' then a.deleted_by
        -- Back in the queue: by whoever moved it there, or by its policy.
        when 'pending' then case when a.pending_at is distinct from b.pending_at then a.scheduled_by end
        else case b.state when 'deleted' then null else a.completed_by end end,
      case when a.state = 'finished' then json_build_object('attempt', a.attempt, 'close_reason', a.close_reason,
        'items', a.items, 'errors', a.errors)::text end
    -- `admitted` is the queue's own word, and nobody's event.
    where a.state <> b.state and a.state <> 'admitted'
    union all
    select 3, 'job.tagged', null, json_build_object('tags', a.tags)::text
    where a.tags <> b.tags and not are_many
  ) e
  where a.state <> b.state or a.cancelled_by is distinct from b.cancelled_by or a.tags <> b.tags
  order by a.id, e.nth;

  if are_many then
    insert into events (project_id, type, data)
    select a.project_id, 'job.tagged', json_build_object('jobs', count(*))::text
    from after a join before b on b.id = a.id
    where a.tags <> b.tags
    group by a.project_id;
  end if;
  return null;
end
$$;
