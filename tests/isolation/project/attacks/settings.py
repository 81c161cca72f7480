SPIDER_MODULES = ['attacks.spiders']
