# The two programs.  Both may use every room; the joining is done in main, wire and settings.
have(all core calendars notifiers store io campaign engine intake http sim ctl)

if(TARGET duban_ctl)
  add_executable(dubanctl daemon/dubanctl.c)
  target_link_libraries(dubanctl PRIVATE ${all})
endif()

if(EXISTS ${PROJECT_SOURCE_DIR}/daemon/main.c AND TARGET duban_http)
  file(GLOB duband_sources CONFIGURE_DEPENDS daemon/main.c daemon/places.c daemon/wire*.c daemon/settings*.c)
  add_executable(duband ${duband_sources})
  target_link_libraries(duband PRIVATE ${all})
endif()
