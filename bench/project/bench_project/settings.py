BOT_NAME = 'bench'
SPIDER_MODULES = ['bench_project.spiders']
