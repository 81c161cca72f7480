"""The calls for periodic jobs as clients of Scrapy Cloud publish them: Zyte's own script (GET, PATCH, DELETE without a body, JSON
bodies, the key as user name, ten seconds of patience) and a team's command line of the generation before. Prints what came
of each as one line of JSON."""

import json
import os

import requests

ENDPOINT = os.environ['SCRAPY_CLOUD_ENDPOINT']
PROJECT = os.environ['PROJECT']
session = requests.Session()
session.auth = (os.environ['SHUB_APIKEY'], '')


def call(method, path, body=None):
    """Sends a body as JSON, and none when there is none."""
    url = ENDPOINT.rstrip('/') + '/' + path
    answer = session.request(method, url, json=body, timeout=10, headers={'Accept': 'application/json'})
    value = json.loads(answer.text) if answer.text else answer.text
    print(json.dumps({'call': '%s %s' % (method, path), 'status': answer.status_code, 'value': value}))
    return value


def published_by_zyte():
    jobs = 'projects/%s/periodicjobs' % PROJECT
    call('GET', jobs)
    made = call(
        'POST',
        jobs,
        {
            'cron': '0 14 * * 1',
            'tasks': [{'name': 'books', 'priority': 2, 'spider_args': {'limit': '100'}}],
            'addtags': ['skill'],
            'disabled': False,
            'description': 'Weekly crawl',
        },
    )
    one = '%s/%s' % (jobs, made['id'])
    call('GET', one)
    call('PATCH', one, {'cron': '30 18 * * 2'})
    call('PATCH', one, {'disabled': True})
    call('GET', jobs)
    call('POST', jobs, {'cron': '0 9 * * 1'})
    call('DELETE', one)
    call('GET', one)


def of_a_team():
    """Removes the schedules of all spiders and makes others, on the address with `v2`."""
    jobs = 'v2/projects/%s/periodicjobs' % PROJECT
    body = {
        'month': '*',
        'dayofmonth': '*',
        'day': '1',
        'hour': '14',
        'minutes_shift': '0',
        'description': '',
        'addtags': ['a'],
        'spiders': [{'name': 'books', 'spider_args': {'limit': '100'}, 'priority': 2}],
    }
    call('POST', jobs, body)
    for job in call('GET', jobs)['results']:
        if job['type'] == 'spider' and [spider['name'] for spider in job['spiders']] == ['books']:
            call('DELETE', '%s/%s' % (jobs, job['id']))
    call('GET', jobs)


published_by_zyte()
of_a_team()
