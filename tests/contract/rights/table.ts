/**
 * Whom each operation lets in, about something of their own organisation; everybody else is refused. `open`: all, without
 * credentials, too. Written by hand: a new operation needs a line, and what one lets in is changed here on purpose.
 */
export const RIGHTS: Record<string, string> = {
  'POST /api/run.json': 'owner, admin, developer, operator, key, staff',
  'POST /api/schedule.json': 'owner, admin, developer, operator, key, staff',
  'GET /api/jobs/list.json': 'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /api/jobs/list.jl': 'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /api/jobs/count.json': 'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'POST /api/jobs/update.json': 'owner, admin, developer, operator, key, staff',
  'POST /api/jobs/stop.json': 'owner, admin, developer, operator, key, staff',
  'POST /api/jobs/delete.json': 'owner, admin, operator, key, staff',
  'POST /api/jobs/claim.json': 'owner, admin, developer, operator, key, staff',
  'POST /api/jobs/ack.json': 'owner, admin, developer, operator, key, staff',
  'POST /api/jobs/release.json': 'owner, admin, developer, operator, key, staff',
  'GET /api/jobs/attempts.json': 'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /api/scrapyd/listprojects.json':
    'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /api/v2/projects': 'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /api/v2/projects/:project': 'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /api/spiders/list.json': 'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /api/v2/users/me': 'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /api/items.json': 'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /api/items.jl': 'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /api/items.csv': 'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /api/log.json': 'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /api/log.jl': 'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /api/log.txt': 'owner, admin, developer, operator, reader, key, reading key, staff',
  'POST /api/scrapyd/addversion.json': 'owner, admin, developer, key, staff',
  'GET /api/v2/projects/:project/spiders':
    'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /api/v2/projects/:project/spiders/:spider':
    'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'PATCH /api/v2/projects/:project/spiders/:spider/tags': 'owner, admin, developer, key, staff',
  'GET /api/settings/get.json': 'job, owner, admin, developer, key, staff',
  'GET /api/comments/:project/stats': 'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /api/comments/:project/:spider/:job':
    'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /api/comments/:project/:spider/:job/:item':
    'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /api/comments/:project/:spider/:job/:item/:field':
    'owner, admin, developer, operator, reader, key, reading key, staff',
  'POST /api/comments/:project/:spider/:job/:item': 'owner, admin, developer, operator, key, staff',
  'DELETE /api/comments/:project/:spider/:job/:item': 'owner, admin, developer, operator, key, staff',
  'POST /api/comments/:project/:spider/:job/:item/:field': 'owner, admin, developer, operator, key, staff',
  'DELETE /api/comments/:project/:spider/:job/:item/:field': 'owner, admin, developer, operator, key, staff',
  'PUT /api/comments/:comment': 'staff',
  'DELETE /api/comments/:comment': 'staff',
  'POST /api/eggs/add.json': 'owner, admin, developer, key, staff',
  'GET /api/eggs/list.json': 'owner, admin, developer, operator, key, staff',
  'POST /api/eggs/delete.json': 'owner, admin, developer, key, staff',
  'GET /api/eggs/bundle.zip': 'owner, admin, developer, operator, key, staff',
  'GET /api/migrate-eggs.zip': 'owner, admin, developer, operator, key, staff',
  'POST /api/releases/deploy.json': 'owner, admin, developer, key, staff',
  'GET /api/releases/status/:id': 'open',
  'POST /api/reports/add.json': 'owner, admin, developer, operator, key, staff',
  'GET /api/projects/:project/periodicjobs':
    'owner, admin, developer, operator, reader, key, reading key, staff',
  'POST /api/projects/:project/periodicjobs': 'owner, admin, developer, key, staff',
  'GET /api/projects/:project/periodicjobs/:id':
    'owner, admin, developer, operator, reader, key, reading key, staff',
  'PATCH /api/projects/:project/periodicjobs/:id': 'owner, admin, developer, key, staff',
  'PUT /api/projects/:project/periodicjobs/:id': 'owner, admin, developer, key, staff',
  'DELETE /api/projects/:project/periodicjobs/:id': 'owner, admin, developer, key, staff',
  'GET /api/v2/projects/:project/periodicjobs':
    'owner, admin, developer, operator, reader, key, reading key, staff',
  'POST /api/v2/projects/:project/periodicjobs': 'owner, admin, developer, key, staff',
  'GET /api/v2/projects/:project/periodicjobs/:id':
    'owner, admin, developer, operator, reader, key, reading key, staff',
  'PATCH /api/v2/projects/:project/periodicjobs/:id': 'owner, admin, developer, key, staff',
  'PUT /api/v2/projects/:project/periodicjobs/:id': 'owner, admin, developer, key, staff',
  'DELETE /api/v2/projects/:project/periodicjobs/:id': 'owner, admin, developer, key, staff',
  'GET /api/periodic_jobs': 'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/items/:project/:spider/:job':
    'owner, admin, developer, operator, reader, key, reading key, staff',
  'POST /storage/items/:project/:spider/:job': 'owner, admin, developer, operator, key, staff',
  'GET /storage/items/:project/:spider/:job/stats':
    'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/items/:project/:spider/:job/:index':
    'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/items/:project/:spider/:job/:index/:field':
    'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/items/:project/:spider': 'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/items/:project': 'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/logs/:project/:spider/:job':
    'owner, admin, developer, operator, reader, key, reading key, staff',
  'POST /storage/logs/:project/:spider/:job': 'owner, admin, developer, operator, key, staff',
  'GET /storage/logs/:project/:spider/:job/stats':
    'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/logs/:project/:spider/:job/:index':
    'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/logs/:project/:spider/:job/:index/:field':
    'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/logs/:project/:spider': 'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/logs/:project': 'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/requests/:project/:spider/:job':
    'owner, admin, developer, operator, reader, key, reading key, staff',
  'POST /storage/requests/:project/:spider/:job': 'owner, admin, developer, operator, key, staff',
  'GET /storage/requests/:project/:spider/:job/stats':
    'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/requests/:project/:spider/:job/:index':
    'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/requests/:project/:spider/:job/:index/:field':
    'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/requests/:project/:spider':
    'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/requests/:project': 'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/samples/:project/:spider/:job':
    'owner, admin, developer, operator, reader, key, reading key, staff',
  'POST /storage/samples/:project/:spider/:job': 'owner, admin, developer, operator, key, staff',
  'GET /storage/samples/:project/:spider/:job/:index':
    'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/samples/:project/:spider/:job/:index/:field':
    'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/samples/:project/:spider':
    'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/samples/:project': 'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/jobs/:project/:spider/:job':
    'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'POST /storage/jobs/:project/:spider/:job': 'owner, admin, developer, operator, key, staff',
  'DELETE /storage/jobs/:project/:spider/:job': 'owner, admin, operator, key, staff',
  'GET /storage/jobs/:project/:spider/:job/:field':
    'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'POST /storage/jobs/:project/:spider/:job/:field': 'owner, admin, developer, operator, key, staff',
  'DELETE /storage/jobs/:project/:spider/:job/:field': 'owner, admin, developer, operator, key, staff',
  'GET /storage/jobq/:project/list':
    'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/jobq/:project/count':
    'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/jobq/:project/jobsummary':
    'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/jobq/:project/summary':
    'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/jobq/:project/summary/:state':
    'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/jobq/:project/:spider/summary':
    'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/jobq/:project/:spider/summary/:state':
    'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'POST /storage/jobq/:project/push': 'owner, admin, developer, operator, key, staff',
  'POST /storage/jobq/:project/startjob': 'owner, admin, developer, operator, key, staff',
  'POST /storage/jobq/:project/update': 'owner, admin, developer, operator, key, staff',
  'POST /storage/jobq/:project/:spider/:job/cancel': 'owner, admin, developer, operator, key, staff',
  'POST /storage/jobq/:project/cancel': 'owner, admin, developer, operator, key, staff',
  'GET /storage/activity/projects': 'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/activity/:project': 'owner, admin, developer, operator, reader, key, reading key, staff',
  'POST /storage/activity/:project': 'owner, admin, developer, operator, key, staff',
  'GET /storage/projects/jobsummaries': 'owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/projects/:project/jobsummary':
    'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/projects/:project/settings': 'job, owner, admin, developer, key, staff',
  'POST /storage/projects/:project/settings': 'owner, admin, developer, key, staff',
  'GET /storage/projects/:project/settings/:key': 'job, owner, admin, developer, key, staff',
  'DELETE /storage/projects/:project/settings/:key': 'owner, admin, developer, key, staff',
  'GET /storage/ids/:project/spider/:name':
    'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/spiders/:project/lastjobsummary':
    'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/spiders/:project/:spider/lastjobsummary':
    'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/system/ts': 'open',
  'POST /storage/botgroups/:group/max_running':
    'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'DELETE /storage/botgroups/:group':
    'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/collections/:project/list':
    'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'POST /storage/collections/:project/delete': 'job, owner, admin, developer, operator, key, staff',
  'POST /storage/collections/:project/rename': 'job, owner, admin, developer, operator, key, staff',
  'GET /storage/collections/:project/:type/:name':
    'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/collections/:project/:type/:name/scan':
    'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'POST /storage/collections/:project/:type/:name': 'job, owner, admin, developer, operator, key, staff',
  'DELETE /storage/collections/:project/:type/:name': 'job, owner, admin, developer, operator, key, staff',
  'POST /storage/collections/:project/:type/:name/deleted':
    'job, owner, admin, developer, operator, key, staff',
  'GET /storage/collections/:project/:type/:name/count':
    'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/collections/:project/:type/:name/*key':
    'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'DELETE /storage/collections/:project/:type/:name/*key':
    'job, owner, admin, developer, operator, key, staff',
  'GET /storage/hcf/:project/list': 'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/hcf/:project/:frontier/list':
    'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'POST /storage/hcf/:project/:frontier/s/:slot': 'job, owner, admin, developer, operator, key, staff',
  'DELETE /storage/hcf/:project/:frontier/s/:slot': 'job, owner, admin, developer, operator, key, staff',
  'GET /storage/hcf/:project/:frontier/s/:slot/q':
    'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'GET /storage/hcf/:project/:frontier/s/:slot/q/count':
    'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'POST /storage/hcf/:project/:frontier/s/:slot/q/deleted':
    'job, owner, admin, developer, operator, key, staff',
  'GET /storage/hcf/:project/:frontier/s/:slot/f':
    'job, owner, admin, developer, operator, reader, key, reading key, staff',
  'POST /scrapyd/addversion.json': 'owner, admin, developer, key, staff, scrapyd admin',
  'POST /scrapyd/cancel.json':
    'owner, admin, developer, operator, key, staff, scrapyd admin, scrapyd operator',
  'GET /scrapyd/daemonstatus.json':
    'owner, admin, developer, operator, reader, key, reading key, staff, scrapyd admin, scrapyd operator',
  'POST /scrapyd/delproject.json': 'owner, admin, developer, key, staff, scrapyd admin',
  'POST /scrapyd/delversion.json': 'owner, admin, developer, key, staff, scrapyd admin',
  'GET /scrapyd/listjobs.json':
    'owner, admin, developer, operator, reader, key, reading key, staff, scrapyd admin, scrapyd operator',
  'GET /scrapyd/listprojects.json':
    'owner, admin, developer, operator, reader, key, reading key, staff, scrapyd admin, scrapyd operator',
  'GET /scrapyd/listspiders.json':
    'owner, admin, developer, operator, reader, key, reading key, staff, scrapyd admin, scrapyd operator',
  'GET /scrapyd/listversions.json':
    'owner, admin, developer, operator, key, staff, scrapyd admin, scrapyd operator',
  'POST /scrapyd/schedule.json':
    'owner, admin, developer, operator, key, staff, scrapyd admin, scrapyd operator',
  'GET /scrapyd/status.json':
    'owner, admin, developer, operator, reader, key, reading key, staff, scrapyd admin, scrapyd operator',
  'GET /scrapyd/':
    'owner, admin, developer, operator, reader, key, reading key, staff, scrapyd admin, scrapyd operator',
  'GET /scrapyd/jobs':
    'owner, admin, developer, operator, reader, key, reading key, staff, scrapyd admin, scrapyd operator',
  'GET /scrapyd/logs{/*path}':
    'owner, admin, developer, operator, reader, key, reading key, staff, scrapyd admin, scrapyd operator',
  'GET /scrapyd/items{/*path}':
    'owner, admin, developer, operator, reader, key, reading key, staff, scrapyd admin, scrapyd operator',
  'GET /console/sign-in': 'open',
  'POST /console/sign-in/openid': 'open',
  'GET /console/sign-in/openid/callback': 'open',
  'GET /console/session': 'session of owner, session of reader, session of staff',
  'POST /console/session': 'open',
  'DELETE /console/session': 'session of owner, session of reader, session of staff',
  'GET /console/me':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/sessions':
    'owner, admin, developer, operator, reader, session of owner, session of reader, session of staff',
  'DELETE /console/sessions/:session': 'session of owner, session of reader, session of staff',
  'DELETE /console/sessions': 'session of owner, session of reader, session of staff',
  'PUT /console/me/password': 'session of owner, session of reader, session of staff',
  'PUT /console/me/email': 'session of owner, session of reader, session of staff',
  'POST /console/me/email/confirmation': 'session of owner, session of reader, session of staff',
  'POST /console/links/look': 'open',
  'POST /console/accounts': 'open',
  'POST /console/me/invitations': 'session of owner, session of reader, session of staff',
  'POST /console/links/forgotten': 'open',
  'POST /console/links/password': 'open',
  'GET /console/organisations':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'POST /console/organisations': 'staff, session of staff',
  'GET /console/organisations/:organisation':
    'owner, admin, developer, operator, reader, session of owner, session of reader, staff, session of staff',
  'PATCH /console/organisations/:organisation': 'owner, session of owner, staff, session of staff',
  'GET /console/projects':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'POST /console/organisations/:organisation/projects':
    'owner, admin, session of owner, staff, session of staff',
  'GET /console/projects/:project':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'PATCH /console/projects/:project': 'owner, admin, session of owner, staff, session of staff',
  'GET /console/organisations/:organisation/members':
    'owner, admin, developer, operator, reader, session of owner, session of reader, staff, session of staff',
  'PATCH /console/organisations/:organisation/members/:user':
    'owner, admin, session of owner, staff, session of staff',
  'DELETE /console/organisations/:organisation/members/:user':
    'owner, admin, session of owner, staff, session of staff',
  'GET /console/organisations/:organisation/invitations':
    'owner, admin, session of owner, staff, session of staff',
  'POST /console/organisations/:organisation/invitations':
    'owner, admin, session of owner, staff, session of staff',
  'DELETE /console/organisations/:organisation/invitations/:invitation':
    'owner, admin, session of owner, staff, session of staff',
  'POST /console/organisations/:organisation/members/:user/password-link':
    'owner, admin, session of owner, staff, session of staff',
  'GET /console/projects/:project/members':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'PATCH /console/projects/:project/members/:user': 'owner, admin, session of owner, staff, session of staff',
  'DELETE /console/projects/:project/members/:user':
    'owner, admin, session of owner, staff, session of staff',
  'GET /console/projects/:project/invitations': 'owner, admin, session of owner, staff, session of staff',
  'POST /console/projects/:project/invitations': 'owner, admin, session of owner, staff, session of staff',
  'DELETE /console/projects/:project/invitations/:invitation':
    'owner, admin, session of owner, staff, session of staff',
  'GET /console/organisations/:organisation/limits':
    'owner, admin, session of owner, staff, session of staff',
  'PATCH /console/organisations/:organisation/limits': 'staff, session of staff',
  'GET /console/projects/:project/limits': 'owner, admin, session of owner, key, staff, session of staff',
  'PATCH /console/projects/:project/limits': 'staff, session of staff',
  'GET /console/projects/:project/usage': 'owner, admin, session of owner, key, staff, session of staff',
  'GET /console/events':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/projects/:project/stream':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/stream':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/jobs/:project/:spider/:job/log/stream':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/jobs/:project/:spider/:job/items/stream':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/jobs/:project/:spider/:job/requests/stream':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/projects/:project/schedules':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'POST /console/projects/:project/schedules':
    'owner, admin, developer, session of owner, key, staff, session of staff',
  'POST /console/projects/:project/schedules/preview':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/projects/:project/schedules/:schedule':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'PATCH /console/projects/:project/schedules/:schedule':
    'owner, admin, developer, session of owner, key, staff, session of staff',
  'DELETE /console/projects/:project/schedules/:schedule':
    'owner, admin, developer, session of owner, key, staff, session of staff',
  'GET /console/projects/:project/schedules/:schedule/runs':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'POST /console/projects/:project/schedules/:schedule/run':
    'owner, admin, developer, session of owner, key, staff, session of staff',
  'GET /console/projects/:project/variables':
    'owner, admin, developer, session of owner, key, staff, session of staff',
  'PATCH /console/projects/:project/variables':
    'owner, admin, developer, session of owner, key, staff, session of staff',
  'GET /console/projects/:project/settings':
    'owner, admin, developer, session of owner, key, staff, session of staff',
  'PATCH /console/projects/:project/settings':
    'owner, admin, developer, session of owner, key, staff, session of staff',
  'GET /console/projects/:project/jobs':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'POST /console/projects/:project/jobs':
    'owner, admin, developer, operator, session of owner, key, staff, session of staff',
  'GET /console/projects/:project/jobs/:spider/:job/again':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/projects/:project/jobs/:spider/:job':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'POST /console/projects/:project/jobs/:spider/:job/stop':
    'owner, admin, developer, operator, session of owner, key, staff, session of staff',
  'DELETE /console/projects/:project/jobs/:spider/:job':
    'owner, admin, operator, session of owner, key, staff, session of staff',
  'POST /console/projects/:project/jobs/:spider/:job/tags':
    'owner, admin, developer, operator, session of owner, key, staff, session of staff',
  'POST /console/projects/:project/bulk/stop':
    'owner, admin, developer, operator, session of owner, key, staff, session of staff',
  'POST /console/projects/:project/bulk/delete':
    'owner, admin, operator, session of owner, key, staff, session of staff',
  'POST /console/projects/:project/bulk/tags':
    'owner, admin, developer, operator, session of owner, key, staff, session of staff',
  'POST /console/projects/:project/bulk/run':
    'owner, admin, developer, operator, session of owner, key, staff, session of staff',
  'GET /console/projects/:project/jobs/:spider/:job/logs':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/projects/:project/jobs/:spider/:job/logs/:record':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/projects/:project/jobs/:spider/:job/errors':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/projects/:project/jobs/:spider/:job/items':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/projects/:project/jobs/:spider/:job/items/:record':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/projects/:project/jobs/:spider/:job/coverage':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/projects/:project/jobs/:spider/:job/field':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/projects/:project/jobs/:spider/:job/requests':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/projects/:project/jobs/:spider/:job/samples':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/projects/:project/jobs/:spider/:job/stats':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/projects/:project/jobs/:spider/:job/download/items/:format':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/projects/:project/jobs/:spider/:job/download/logs/:format':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/projects/:project/jobs/:spider/:job/download/requests/:format':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/projects/:project/compare':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/projects/:project/health':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/projects/:project/spiders':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/projects/:project/spiders/:spider':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'POST /console/projects/:project/spiders/:spider/tags':
    'owner, admin, developer, session of owner, key, staff, session of staff',
  'GET /console/projects/:project/spiders/:spider/settings':
    'owner, admin, developer, session of owner, key, staff, session of staff',
  'PATCH /console/projects/:project/spiders/:spider/settings':
    'owner, admin, developer, session of owner, key, staff, session of staff',
  'GET /console/projects/:project/versions':
    'owner, admin, developer, operator, session of owner, key, staff, session of staff',
  'GET /console/projects/:project/versions/:version':
    'owner, admin, developer, operator, session of owner, key, staff, session of staff',
  'POST /console/projects/:project/versions/:version/use':
    'owner, admin, developer, session of owner, key, staff, session of staff',
  'DELETE /console/projects/:project/versions/:version':
    'owner, admin, developer, session of owner, key, staff, session of staff',
  'POST /console/projects/:project/versions':
    'owner, admin, developer, session of owner, key, staff, session of staff',
  'GET /console/projects/:project/overview':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/overview':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/projects/:project/search':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/projects/:project/views':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'POST /console/projects/:project/views':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'DELETE /console/projects/:project/views/:view':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/server': 'staff, session of staff',
  'GET /console/projects/:project/webhooks':
    'owner, admin, developer, session of owner, key, staff, session of staff',
  'POST /console/projects/:project/webhooks':
    'owner, admin, developer, session of owner, key, staff, session of staff',
  'GET /console/projects/:project/webhooks/:webhook':
    'owner, admin, developer, session of owner, key, staff, session of staff',
  'PATCH /console/projects/:project/webhooks/:webhook':
    'owner, admin, developer, session of owner, key, staff, session of staff',
  'DELETE /console/projects/:project/webhooks/:webhook':
    'owner, admin, developer, session of owner, key, staff, session of staff',
  'POST /console/projects/:project/webhooks/:webhook/secret':
    'owner, admin, developer, session of owner, key, staff, session of staff',
  'POST /console/projects/:project/webhooks/:webhook/test':
    'owner, admin, developer, session of owner, key, staff, session of staff',
  'GET /console/projects/:project/webhooks/:webhook/deliveries':
    'owner, admin, developer, session of owner, key, staff, session of staff',
  'POST /console/projects/:project/webhooks/:webhook/deliveries/replay':
    'owner, admin, developer, session of owner, key, staff, session of staff',
  'GET /console/projects/:project/rules':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'POST /console/projects/:project/rules':
    'owner, admin, developer, session of owner, key, staff, session of staff',
  'GET /console/projects/:project/rules/:rule':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'PATCH /console/projects/:project/rules/:rule':
    'owner, admin, developer, session of owner, key, staff, session of staff',
  'DELETE /console/projects/:project/rules/:rule':
    'owner, admin, developer, session of owner, key, staff, session of staff',
  'GET /console/projects/:project/addressees':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/projects/:project/rules/:rule/firings':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/projects/:project/jobs/:spider/:job/triggers':
    'owner, admin, developer, operator, reader, session of owner, session of reader, key, reading key, staff, session of staff',
  'GET /console/me/keys':
    'owner, admin, developer, operator, reader, session of owner, session of reader, session of staff',
  'POST /console/me/keys': 'session of owner, session of reader, session of staff',
  'POST /console/me/keys/:apikey/rotation': 'session of owner, session of reader, session of staff',
  'DELETE /console/me/keys/:apikey': 'session of owner, session of reader, session of staff',
  'GET /console/projects/:project/keys': 'owner, admin, session of owner, staff, session of staff',
  'POST /console/projects/:project/keys': 'session of owner, session of staff',
  'POST /console/projects/:project/keys/:apikey/rotation': 'session of owner, session of staff',
  'DELETE /console/projects/:project/keys/:apikey': 'owner, admin, session of owner, staff, session of staff',
  'GET /console/organisations/:organisation/keys': 'owner, admin, session of owner, staff, session of staff',
  'DELETE /console/organisations/:organisation/keys/:apikey':
    'owner, admin, session of owner, staff, session of staff',
  'GET /console/organisations/:organisation/audit': 'owner, admin, session of owner, staff, session of staff',
  'GET /console/organisations/:organisation/audit.jl':
    'owner, admin, session of owner, staff, session of staff',
  'GET /console/projects/:project/audit': 'owner, admin, session of owner, key, staff, session of staff',
  'GET /console/projects/:project/audit.jl': 'owner, admin, session of owner, key, staff, session of staff',
  'GET /console/audit': 'staff, session of staff',
  'GET /console/audit.jl': 'staff, session of staff',
  'GET /console/openapi.json': 'open',
};
