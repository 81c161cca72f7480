SPIDER_MODULES = ['inside.spiders']
