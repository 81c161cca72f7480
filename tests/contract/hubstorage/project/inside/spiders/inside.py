"""Uses the official client inside of the crawl, with what the environment gives it and nothing else."""

import os

import scrapy
from scrapinghub import HubstorageClient, ScrapinghubClient


class InsideSpider(scrapy.Spider):
    name = 'inside'

    async def start(self):
        yield scrapy.Request('data:,', self.parse)

    def parse(self, response):
        client = ScrapinghubClient()
        project_id, spider_id, job_number = os.environ['SHUB_JOBKEY'].split('/')
        project = client.get_project(project_id)

        store = project.collections.get_store('seen')
        store.set({'_key': 'crawl', 'job': os.environ['SHUB_JOBKEY']})
        writer = store.create_writer()
        for number in range(1200):
            writer.write({'_key': 'page%04d' % number, 'number': number})
        writer.flush()
        writer.close()
        yield {'collection': store.count(), 'first': store.get('page0000')}

        slot = project.frontiers.get('inside').get('example.com')
        slot.q.add([{'fp': '/%d' % number, 'qdata': {'depth': number}} for number in range(3)])
        slot.flush()
        for batch in slot.q.iter():
            for fingerprint, qdata in batch['requests']:
                yield {'frontier': fingerprint, 'depth': qdata['depth']}
            slot.q.delete(batch['id'])

        job = client.get_job(os.environ['SHUB_JOBKEY'])
        job.metadata.set('note', 'from inside')
        yield {'state': job.metadata.get('state'), 'args': job.metadata.get('spider_args')}

        job.update_tags(add=['seen'])
        yield {
            'spiders': [spider['id'] for spider in project.spiders.list()],
            'running': [one['key'] for one in project.jobs.iter(state='running')],
            'tags': job.metadata.get('tags'),
            'settings': dict(project.settings.list()),
        }

        low = HubstorageClient().get_job(os.environ['SHUB_JOBKEY'])
        low.metadata.update(low='seen')
        low.metadata.save()
        yield {'low': low.metadata['spider'], 'elsewhere': HubstorageClient(endpoint='http://127.0.0.1:9/').auth}

        another = '%s/%s/%d' % (project_id, spider_id, int(job_number) + 1)
        for name, attempt in (
            ('scheduling', lambda: project.jobs.run('inside')),
            ('another job', lambda: client.get_job(another).items.list()),
            ('another project', lambda: client.get_project(int(project_id) + 1).collections.list()),
        ):
            try:
                attempt()
                yield {'refused': name, 'with': None}
            except Exception as error:
                yield {'refused': name, 'with': type(error).__name__}
        client.close()
