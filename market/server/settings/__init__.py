"""Settings: read once from the environment into a frozen object, and passed on from there.

Nothing else reads the environment. A wrong setting stops the start, and says which variable, what is wrong with it
and what to do.
"""

from market.server.settings.fields import PREFIX, Settings
from market.server.settings.reading import SettingsError, read_settings
from market.server.settings.table import settings_table

__all__ = ["PREFIX", "Settings", "SettingsError", "read_settings", "settings_table"]
