# install.cmake - what goes where: programs, units, man pages, completion, examples.
#
#   cmake --install build/release --prefix /usr
#
# Paths inside the units follow the prefix given at install time.  Nothing is written to /etc:
# the configuration is the administrator's, and its example lies with the documentation.
foreach(program duband:${CMAKE_INSTALL_SBINDIR} dubanctl:${CMAKE_INSTALL_BINDIR})
  string(REPLACE ":" ";" pair ${program})
  list(GET pair 0 target)
  list(GET pair 1 destination)
  if(TARGET ${target})
    install(TARGETS ${target} RUNTIME DESTINATION ${destination})
  endif()
endforeach()

# Units name programs by absolute path; the files in systemd/ are right for /usr.
install(CODE "
  foreach(unit duband.service duband.socket)
    file(READ \"${PROJECT_SOURCE_DIR}/systemd/\${unit}\" text)
    string(REPLACE \"/usr/sbin/\" \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_SBINDIR}/\" text \"\${text}\")
    string(REPLACE \"/usr/bin/\" \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/\" text \"\${text}\")
    file(WRITE \"${PROJECT_BINARY_DIR}/systemd/\${unit}\" \"\${text}\")
    file(INSTALL \"${PROJECT_BINARY_DIR}/systemd/\${unit}\"
      DESTINATION \"\${CMAKE_INSTALL_PREFIX}/lib/systemd/system\"
      PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
  endforeach()
")
install(FILES systemd/duban.sysusers.conf DESTINATION lib/sysusers.d RENAME duban.conf)
install(FILES systemd/duban.tmpfiles.conf DESTINATION lib/tmpfiles.d RENAME duban.conf)

set(doc ${CMAKE_INSTALL_DATAROOTDIR}/doc/duban)
install(FILES README.md README.zh-CN.md CHANGES.md DESTINATION ${doc})
install(FILES docs/campaign-files.md docs/campaign-files.en.md docs/findings.md docs/calendars.md
              docs/templates.md docs/rules.md docs/time.md docs/ARCHITECTURE.md
        DESTINATION ${doc}/docs)
install(FILES docs/duban.yaml.example DESTINATION ${doc}/examples RENAME duban.yaml)
install(FILES systemd/credentials.conf systemd/loopback.conf
        DESTINATION ${doc}/examples/duband.service.d)
install(DIRECTORY calendars/xinbei-2019 DESTINATION ${doc}/examples/campaigns)
install(FILES scripts/completion.bash
        DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/bash-completion/completions RENAME dubanctl)

# man_page(SOURCE DIR): docs/man/SOURCE.scd, of the language that DIR is for.
find_program(SCDOC scdoc)
set(man_pages)
function(man_page source dir)
  get_filename_component(name ${source} NAME)
  string(REGEX REPLACE ".*\\." "" section ${name})
  set(page ${PROJECT_BINARY_DIR}/man/${source})
  get_filename_component(parent ${page} DIRECTORY)
  file(MAKE_DIRECTORY ${parent})
  add_custom_command(OUTPUT ${page}
    COMMAND ${SCDOC} < ${PROJECT_SOURCE_DIR}/docs/man/${source}.scd > ${page}
    DEPENDS ${PROJECT_SOURCE_DIR}/docs/man/${source}.scd VERBATIM)
  install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/${dir}man${section})
  set(man_pages ${man_pages} ${page} PARENT_SCOPE)
endfunction()
if(SCDOC)
  foreach(name duband.8 dubanctl.1 duban.yaml.5)
    man_page(${name} "")
    man_page(zh_CN/${name} zh_CN/)
  endforeach()
  add_custom_target(man ALL DEPENDS ${man_pages})
else()
  message(WARNING "scdoc is not installed: no man pages will be built or installed")
endif()
