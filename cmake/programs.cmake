# The two programs.  Both may use every room; the joining is done in main, wire and settings.
have(all core calendars notifiers store io campaign engine intake http sim ctl)

if(TARGET duban_ctl)
  add_executable(dubanctl daemon/dubanctl.c)
  target_link_libraries(dubanctl PRIVATE ${all})
endif()

if(EXISTS ${PROJECT_SOURCE_DIR}/daemon/main.c AND TARGET duban_http)
  # What can be tried without a loop is a library, so that unit tests can link it.
  add_library(duban_settings STATIC daemon/settings.c daemon/settings_relay.c daemon/places.c daemon/prepare.c daemon/last_good.c daemon/parse.c
              daemon/parse_files.c)
  target_include_directories(duban_settings PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(duban_settings PUBLIC ${all})
  file(GLOB duband_sources CONFIGURE_DEPENDS daemon/main.c daemon/wire*.c)
  add_executable(duband ${duband_sources})
  target_link_libraries(duband PRIVATE duban_settings ${all})
endif()
