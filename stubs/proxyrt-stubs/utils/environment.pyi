from proxystore.utils.environment import home_dir as home_dir, hostname as hostname
