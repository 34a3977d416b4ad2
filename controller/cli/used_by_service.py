"""What the service most likely uses: its tower.yaml, and the storage of its state."""

from dataclasses import replace

from controller.app.last_good import last_good
from controller.app.site_storage import storage_of
from controller.cli.options import Options, known_sites
from controller.config.load import load_tower
from controller.config.site_folder import has_sites
from controller.config.tower import Tower
from controller.errors import FilesRejected
from controller.state.storage import Storage


def running_tower(options: Options) -> Tower:
    """The tower.yaml that the service most likely uses. Raises FilesRejected if there is no valid one."""
    try:
        return load_tower(options.folder)
    except FilesRejected:
        copy = last_good(options.folder, options.state_dir)
        if copy is None:
            raise
        return copy.tower


def storage(options: Options) -> Storage:
    """The storage of the site's state, as configured in its tower.yaml. Raises Misconfigured."""
    try:
        return storage_of(running_tower(options), options.state_dir, options.site)
    except FilesRejected:
        return Storage(options.state_dir)


def accounts_storage(options: Options) -> Storage:
    """The storage of the accounts; with several sites that of the first. Raises Misconfigured."""
    if options.site is None and has_sites(options.config_dir):
        options = replace(options, site=known_sites(options)[0][0])
    return replace(storage(options), directory=options.service_state, site="")
